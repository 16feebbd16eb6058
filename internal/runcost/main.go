// Command runcost measures what the deterministic runtime costs: it builds the tests of each package twice, for Go's own runtime and with
// capsize, and runs the same seeds in both by turns:
//
//	go run ./internal/runcost [-turns N] [-seeds N] [-schedules LIST] [-most RATIO] [DIRECTORY ...]
//
// It runs in the root of the repository. Each package has a test TestCost, see [repeats.Cost]. What is measured is the processor
// time of the process, user and system, which other work on the machine changes little. A ratio is that of one pair, and the
// median of the pairs is printed. The exit code is 1 if one is above -most.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/schedule"
)

// packages are those that are measured unless others are named.
var packages = []string{"systems/kv/raftkv", "systems/adapters/hraft", "systems/adapters/grpckv", "systems/adapters/rediskv"}

// settings are what the flags say.
type settings struct {
	turns, seeds int
	schedules    []schedule.Schedule
	most         float64 // 0: any ratio will do
}

func main() {
	var s settings
	flag.IntVar(&s.turns, "turns", 5, "how many pairs of processes each package has for each schedule")
	flag.IntVar(&s.seeds, "seeds", 16, "how many seeds a process runs")
	flag.Float64Var(&s.most, "most", 0, "the highest ratio that may come out; 0 is none")
	names := flag.String("schedules", "first-come,random/16,random/2,swarm", "the schedules, separated by commas")
	flag.Parse()
	var err error
	if s.schedules, err = parse(*names); err == nil {
		err = measure(os.Stdout, s, flag.Args())
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "runcost: %v\n", err)
		os.Exit(1)
	}
}

func parse(names string) ([]schedule.Schedule, error) {
	all := make([]schedule.Schedule, 0)
	for name := range strings.SplitSeq(names, ",") {
		var s schedule.Schedule
		if err := s.UnmarshalText([]byte(name)); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// measure prints a table, a line for each package and schedule.
func measure(w io.Writer, s settings, dirs []string) (err error) {
	if s.turns < 1 || s.seeds < 1 {
		return fmt.Errorf("%d turns of %d seeds: there is nothing to run", s.turns, s.seeds)
	}
	if len(dirs) == 0 {
		dirs = packages
	}
	tmp, err := os.MkdirTemp("", "runcost")
	if err != nil {
		return fmt.Errorf("make a folder for binaries: %w", err)
	}
	defer func() { err = cmp.Or(err, os.RemoveAll(tmp)) }()
	capsize := filepath.Join(tmp, "capsize")
	if err := goCommand(".", "go", "build", "-o", capsize, "./cmd/capsize"); err != nil {
		return err
	}
	fmt.Fprintf(w, "| package | schedule | stock | deterministic | ratio |\n|---|---|---|---|---|\n")
	var above []error
	for _, dir := range dirs {
		b, err := build(tmp, capsize, dir)
		if err != nil {
			return err
		}
		for _, sched := range s.schedules {
			pairs, err := b.run(repeats.CostTask{Schedule: sched, From: 1, Seeds: s.seeds}, s.turns)
			if err != nil {
				return fmt.Errorf("%s, %v: %w", dir, sched, err)
			}
			r := ratio(pairs)
			fmt.Fprintf(w, "| %s | %v | %s | %s | %.2f |\n", filepath.Base(dir), sched, seconds(median(pairs, stock)), seconds(median(pairs, det)), r)
			if s.most > 0 && r > s.most {
				above = append(above, fmt.Errorf("%s, %v: %.2f times the processor time, and %.2f is allowed", dir, sched, r, s.most))
			}
		}
	}
	return errors.Join(above...)
}

// The two builds of a package.
const (
	stock = iota
	det
)

// binaries are the test binaries of a package.
type binaries struct {
	dir  string
	file [2]string
}

func build(tmp, capsize, dir string) (b binaries, err error) {
	b.dir = dir
	for i, command := range []string{stock: "go", det: capsize} {
		b.file[i] = filepath.Join(tmp, fmt.Sprintf("%s.%d", filepath.Base(dir), i))
		if err := goCommand(dir, command, "test", "-c", "-o", b.file[i], "."); err != nil {
			return b, err
		}
	}
	return b, nil
}

// goCommand runs the go command, or capsize in its place. What is tested may be a module of its own.
func goCommand(dir string, args ...string) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, os.Environ()
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && dir != "." {
		cmd.Env = append(cmd.Env, strings.TrimSpace("GOFLAGS="+os.Getenv("GOFLAGS")+" -mod=mod"))
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s in %s: %w\n%s", strings.Join(args, " "), dir, err, out)
	}
	return nil
}

// A pair is what the two builds took, one right after the other.
type pair [2]time.Duration

// run runs both builds by turns. The one that goes first changes with each turn.
func (b binaries) run(task repeats.CostTask, turns int) ([]pair, error) {
	pairs := make([]pair, turns)
	for turn := range pairs {
		for k := range 2 {
			i := (turn + k) % 2
			took, err := process(b.dir, b.file[i], task)
			if err != nil {
				return nil, err
			}
			pairs[turn][i] = took
		}
	}
	return pairs, nil
}

// process returns the processor time of a process that runs the task.
func process(dir, file string, task repeats.CostTask) (time.Duration, error) {
	text, err := json.Marshal(task)
	if err != nil {
		return 0, fmt.Errorf("encode the task: %w", err)
	}
	cmd := exec.Command(file, "-test.run=^TestCost$", "-test.v")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), repeats.CostVariable+"="+string(text))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("run TestCost: %w\n%s", err, out)
	}
	if n := strings.Count(string(out), repeats.CostLine); n != task.Seeds {
		return 0, fmt.Errorf("TestCost ran %d seeds and not %d:\n%s", n, task.Seeds, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// median returns the median of what one of the builds took.
func median(pairs []pair, which int) time.Duration {
	took := make([]time.Duration, 0, len(pairs))
	for _, p := range pairs {
		took = append(took, p[which])
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// ratio returns the median of the ratios of the pairs.
func ratio(pairs []pair) float64 {
	ratios := make([]float64, 0, len(pairs))
	for _, p := range pairs {
		ratios = append(ratios, float64(p[det])/float64(p[stock]))
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
