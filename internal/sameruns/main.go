// Command sameruns asks of many seeds whether they give the same run each time: twice in one process, in a fresh process, with other
// numbers of processors and settings of the garbage collector, and while the machine is busy with other work.
//
//	go run ./internal/sameruns [-seeds N] [-duration D] [-workers N]
//
// Seed i runs on one of the systems of the catalog under one of the presets, in turn. A run is compared by the digest of its history and by the hash of
// all that happened in its cluster. The command prints a line for each way and exits with 1 if a run differs.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/internal/cputime"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
)

// A way is how the seeds are run once more.
type way struct {
	name string
	env  []string
	busy int  // how many goroutines compute meanwhile
	same bool // in the process that ran the seed before
}

// ways are those that are compared with a first run.
var ways = []way{
	{name: "in the same process", same: true},
	{name: "in a fresh process"},
	{name: "GOMAXPROCS=1 GOGC=20", env: []string{"GOMAXPROCS=1", "GOGC=20"}},
	{name: "GOMAXPROCS=8 GOGC=off", env: []string{"GOMAXPROCS=8", "GOGC=off", "GOMEMLIMIT=512MiB"}},
	{name: "GOMAXPROCS=8, under load", env: []string{"GOMAXPROCS=8"}, busy: 2},
}

// chunk is how many seeds a process runs.
const chunk = 250

func main() {
	seeds := flag.Int("seeds", 10000, "how many seeds are run, from 1 on")
	duration := flag.Duration("duration", 5*time.Second, "virtual time with faults of each")
	workers := flag.Int("workers", runtime.NumCPU(), "how many processes run at a time")
	first := flag.Uint64("first", 0, "run a chunk of seeds from this one on and print what they give: what the command starts itself with")
	twice := flag.Bool("twice", false, "of a chunk: run each seed twice")
	busy := flag.Int("busy", 0, "of a chunk: how many goroutines compute meanwhile")
	flag.Parse()
	if *first > 0 {
		capsize.Main(func(t *testing.T) int { return runChunk(t, os.Stdout, *first, *seeds, *duration, *twice, *busy) })
	}
	if err := compare(os.Stdout, *seeds, *workers, *duration); err != nil {
		fmt.Fprintf(os.Stderr, "sameruns: %v\n", err)
		os.Exit(1)
	}
}

// A line is what one run gave.
type line struct {
	Seed   uint64
	Digest string
	Trace  uint64
	CPU    time.Duration // of the process so far
}

// testOf returns the test of a seed.
func testOf(seed uint64, d time.Duration) (capsize.Test, error) {
	all, presets := systems.All(), nemesis.Presets()
	s := all[seed%uint64(len(all))]
	system, known, err := s.Build("")
	if err != nil {
		return capsize.Test{}, err
	}
	name := s.Workload
	if name == "" {
		name = "register"
	}
	p := presets[seed/uint64(len(all))%uint64(len(presets))]
	return capsize.Test{System: system, Workload: known[name], Nemesis: p.With(raftkv.ElectionTimeout), Duration: d, Seed: seed}, nil
}

// runChunk prints a line for each run of n seeds.
func runChunk(t *testing.T, w io.Writer, first uint64, n int, d time.Duration, twice bool, busy int) int {
	for range busy {
		go func() {
			for x := uint64(1); ; x = x*6364136223846793005 + 1 {
				if x%1024 == 0 {
					runtime.Gosched()
				}
			}
		}()
	}
	out := json.NewEncoder(w)
	for seed := first; seed < first+uint64(n); seed++ {
		test, err := testOf(seed, d)
		for again := 0; err == nil && again < 1+btoi(twice); again++ {
			var r *capsize.Result
			if r, err = capsize.Exec(context.Background(), t, test); err != nil {
				break
			}
			l := line{Seed: seed, Trace: r.Trace, CPU: cputime.Used()}
			if l.Digest, err = r.Digest(); err == nil {
				err = out.Encode(l)
			}
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "seed %d: %v\n", seed, err)
			return 1
		}
	}
	return 0
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A tally counts the runs of one way.
type tally struct {
	same, other int
	differ      []uint64 // the first seeds that do
}

// compare runs all seeds in all ways, and prints how many runs are the same as the first one of their seed.
func compare(w io.Writer, seeds, workers int, d time.Duration) error {
	if seeds < 1 || workers < 1 {
		return fmt.Errorf("%d seeds by %d workers: there is nothing to run", seeds, workers)
	}
	var (
		mu     sync.Mutex
		counts = make([]tally, len(ways))
		cpu    time.Duration
		failed error
		group  sync.WaitGroup
		slots  = make(chan bool, workers)
	)
	for first := 1; first <= seeds; first += chunk {
		slots <- true
		group.Go(func() {
			defer func() { <-slots }()
			got, used, err := compareChunk(uint64(first), min(chunk, seeds-first+1), d)
			mu.Lock()
			defer mu.Unlock()
			cpu += used
			if err != nil && failed == nil {
				failed = err
			}
			for i, g := range got {
				counts[i].same, counts[i].other = counts[i].same+g.same, counts[i].other+g.other
				counts[i].differ = append(counts[i].differ, g.differ...)
			}
		})
	}
	group.Wait()
	if failed != nil {
		return failed
	}
	bad := 0
	for i, c := range counts {
		fmt.Fprintf(w, "%-26s %d of %d runs are the same", ways[i].name, c.same, c.same+c.other)
		if c.other > 0 {
			slices.Sort(c.differ)
			fmt.Fprintf(w, "; not those of seeds %v", c.differ[:min(10, len(c.differ))])
		}
		fmt.Fprintln(w)
		bad += c.other
	}
	fmt.Fprintf(w, "%.0f s of processor time\n", cpu.Seconds())
	if bad > 0 {
		return fmt.Errorf("%d runs differ", bad)
	}
	return nil
}

// compareChunk runs n seeds in all ways.
func compareChunk(first uint64, n int, d time.Duration) (counts []tally, cpu time.Duration, err error) {
	base, used, err := start(first, n, d, true, way{})
	if err != nil {
		return nil, used, err
	}
	cpu = used
	once := map[uint64]line{}
	again := map[uint64]line{}
	for _, l := range base {
		if _, ok := once[l.Seed]; ok {
			again[l.Seed] = l
		} else {
			once[l.Seed] = l
		}
	}
	for _, how := range ways {
		got := again
		if !how.same {
			lines, used, err := start(first, n, d, false, how)
			cpu += used
			if err != nil {
				return nil, cpu, fmt.Errorf("%s: %w", how.name, err)
			}
			got = map[uint64]line{}
			for _, l := range lines {
				got[l.Seed] = l
			}
		}
		counts = append(counts, count(once, got))
	}
	return counts, cpu, nil
}

// count compares runs with the first ones of their seeds.
func count(once, got map[uint64]line) (t tally) {
	for seed, l := range once { // order: sums, and a list that is sorted when it is printed
		if x, ok := got[seed]; ok && x.Digest == l.Digest && x.Trace == l.Trace {
			t.same++
		} else {
			t.other++
			t.differ = append(t.differ, seed)
		}
	}
	return t
}

// start runs a chunk of seeds in a process of its own.
func start(first uint64, n int, d time.Duration, twice bool, how way) (lines []line, cpu time.Duration, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, 0, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(program, fmt.Sprint("-first=", first), fmt.Sprint("-seeds=", n), fmt.Sprint("-duration=", d),
		fmt.Sprint("-twice=", twice), fmt.Sprint("-busy=", how.busy))
	cmd.Env = append(os.Environ(), how.env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, 0, fmt.Errorf("seeds from %d on: %w: %s", first, err, strings.TrimSpace(errs.String()))
	}
	for s := bufio.NewScanner(&out); s.Scan(); {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return nil, 0, fmt.Errorf("seeds from %d on: %w", first, err)
		}
		lines = append(lines, l)
		cpu = l.CPU
	}
	return lines, cpu, nil
}
