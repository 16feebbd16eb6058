package torture_test

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/internal/detrt/torture"
	"github.com/capsize-go/capsize/schedule"
)

// What a process of its own is to run, and print.
var (
	childSeeds = flag.String("seeds", "", "run these seeds, in this order, and print their results")
	childOps   = flag.String("ops", "", "with these operations together; each: each by itself")
	childOrder = flag.String("schedule", "random/4", "under this schedule")
	childNoise = flag.Bool("noise", false, "with goroutines outside of the bubble that keep all processors busy")
	childLines = flag.Bool("lines", false, "print all that was logged")
)

// TestChild is what a process of its own does.
func TestChild(t *testing.T) {
	if *childSeeds == "" {
		t.Skip("other tests run it in processes of their own")
	}
	var s schedule.Schedule
	if err := s.UnmarshalText([]byte(*childOrder)); err != nil {
		t.Fatal(err)
	}
	if *childNoise {
		defer noise()()
	}
	for _, text := range strings.Split(*childSeeds, ",") {
		var seed uint64
		if _, err := fmt.Sscan(text, &seed); err != nil {
			t.Fatal(err)
		}
		for _, ops := range choices(*childOps) {
			fmt.Printf("RUN %s\n", run(t, seed, s, ops))
		}
	}
}

// choices returns the sets of operations to run.
func choices(text string) (sets [][]string) {
	switch text {
	case "":
		return [][]string{nil}
	case "each":
		for _, name := range torture.Ops() {
			sets = append(sets, []string{name})
		}
		return sets
	}
	return [][]string{strings.Split(text, ",")}
}

// run runs one seed and describes the run: two that are alike have the same description.
func run(t *testing.T, seed uint64, s schedule.Schedule, ops []string) (what string) {
	t.Helper()
	c := torture.Config{Ops: ops, Dir: t.TempDir()}
	if len(ops) == 1 {
		c.Goroutines, c.Rounds = 10, 3
	}
	schedule.Start(seed, s)
	synctest.Test(t, func(*testing.T) {
		r := torture.Run(c)
		if *childLines {
			fmt.Println(strings.Join(r.Lines, "\n"))
		}
		name := "all"
		if len(ops) > 0 {
			name = strings.Join(ops, ",")
		}
		what = fmt.Sprintf("%s seed %d: %016x of %d lines", name, seed, r.Hash, len(r.Lines))
		if d := schedule.Recorded(); d != nil {
			what += fmt.Sprintf(", %016x of %d decisions, %d points", d.Hash, d.Steps, d.Points)
		}
	})
	return what
}

// noise keeps the machine busy from outside of a bubble: with garbage, locks, timers and computing.
func noise() (stop func()) {
	end := make(chan struct{})
	go func() {
		for {
			select {
			case <-end:
				return
			default:
				runtime.GC()
			}
		}
	}()
	for range 2 * runtime.NumCPU() {
		go func() {
			for k := 0; ; k++ {
				select {
				case <-end:
					return
				case <-time.After(time.Duration(k%7) * 100 * time.Microsecond):
				}
				_ = strings.Repeat("x", 1<<12)
			}
		}()
	}
	return func() { close(end) }
}

// flags passes on what a process of its own needs.
func flags(seeds, ops, order string, more ...string) []string {
	return append([]string{"-test.run=^TestChild$", "-test.timeout=80s", "-seeds=" + seeds, "-ops=" + ops, "-schedule=" + order}, more...)
}

// runs returns the lines that a process printed.
func runs(output string) (lines []string) {
	for l := range strings.Lines(output) {
		if rest, ok := strings.CutPrefix(l, "RUN "); ok {
			lines = append(lines, strings.TrimSpace(rest))
		}
	}
	return lines
}
