package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"testing"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
)

// settings are what the flags say.
type settings struct {
	bugs    string
	goal    goal
	twins   int
	workers int
	show    string
	search  string
	seed    uint64
	work    bool
	scout   string
	list    bool

	libraries, shrink, page, floors, floorCheck bool
	cpu                                         float64
}

func main() {
	var s settings
	flag.StringVar(&s.bugs, "bugs", "", "the bugs to measure, as raftkv/stale-vote, or systems, separated by commas; all unless given")
	flag.IntVar(&s.goal.seeds, "seeds", 300, "the most seeds of a bug under one kind of faults")
	flag.IntVar(&s.goal.found, "found", 30, "how many invalid seeds are enough")
	flag.IntVar(&s.twins, "twins", 100, "the seeds of a system without a bug, under each kind of faults")
	flag.IntVar(&s.workers, "workers", runtime.NumCPU(), "how many processes run at a time")
	flag.StringVar(&s.show, "show", "", "a bug of which one seed is to be run, as cdn/no-epoch")
	flag.StringVar(&s.search, "faults", "", "with -show: the faults, as the page names them; those that find the bug best unless given")
	flag.Uint64Var(&s.seed, "seed", 1, "with -show: the seed")
	flag.StringVar(&s.scout, "scout", "", "flags of a search, as \", duration 1m0s\": look with them for each of -bugs under each nemesis of the catalog, and note nothing")
	flag.BoolVar(&s.list, "list", false, "list the bugs, a line each")
	flag.BoolVar(&s.libraries, "libraries", false, "measure the bugs that need capsize test, in place of the others")
	flag.BoolVar(&s.shrink, "shrink", false, "minimise the first failure of each bug")
	flag.BoolVar(&s.page, "page", false, "write the page from what was measured, and measure nothing")
	flag.BoolVar(&s.floors, "floors", false, "set the floors from what was measured, and measure nothing")
	flag.BoolVar(&s.floorCheck, "floor-check", false, "fail if a bug takes more seeds than its floor")
	flag.Float64Var(&s.cpu, "cpu", 0, "with -floor-check: leave out the bugs that take longest, so that all take about as many seconds of processor time; 0 leaves out none")
	flag.BoolVar(&s.work, "work", false, "measure cells that come as JSON on the standard input; for this program's own processes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := dispatch(ctx, s); err != nil {
		fmt.Fprintf(os.Stderr, "killmatrix: %v\n", err)
		os.Exit(1)
	}
}

// dispatch does what the flags say.
func dispatch(ctx context.Context, s settings) error {
	switch {
	case s.work:
		return inTest(func(t *testing.T) error { return work(ctx, t, os.Stdin, os.Stdout) })
	case s.show != "":
		return inTest(func(t *testing.T) error { return runOne(ctx, t, s.show, s.search, s.seed) })
	case s.floorCheck:
		return inTest(func(t *testing.T) error { return checkFloors(ctx, t, folder, s.bugs, s.cpu) })
	case s.floors:
		return setFloors(folder)
	case s.page:
		return writePage(folder, page)
	case s.libraries:
		return measureLibraries(ctx, s)
	}
	bugs, err := find(s.bugs)
	if err != nil {
		return err
	}
	if s.list {
		for _, b := range bugs {
			fmt.Println(b.id())
		}
		return nil
	}
	if flagGiven("scout") {
		return scout(ctx, bugs, s)
	}
	if s.shrink {
		return shrinkAll(ctx, bugs, s.workers)
	}
	return measureAll(ctx, bugs, s)
}

// flagGiven reports whether a flag stands on the command line.
func flagGiven(name string) (yes bool) {
	flag.Visit(func(f *flag.Flag) { yes = yes || f.Name == name })
	return yes
}

// inTest runs f with a t that [capsize.Exec] can use. It returns only if f fails.
func inTest(f func(t *testing.T) error) (err error) {
	capsize.Main(func(t *testing.T) int {
		if err := f(t); err != nil {
			fmt.Fprintf(os.Stderr, "killmatrix: %v\n", err)
			return 1
		}
		return 0
	})
	return errors.New("the run did not begin")
}

// runOne runs a seed of a bug, and prints how it ended.
func runOne(ctx context.Context, t *testing.T, id, label string, seed uint64) error {
	_, tr, err := findSearch(id, label)
	if err != nil {
		return err
	}
	test, err := tr.Test()
	if err != nil {
		return err
	}
	test.Seed = seed
	r, err := capsize.Exec(ctx, t, test)
	if err != nil {
		return err
	}
	r.Explain(ctx)
	fmt.Printf("%v: %s\n", r.Verdict, r.Reason)
	if r.Counterexample != nil {
		fmt.Println(r.Counterexample.Reason)
		for _, c := range r.Counterexample.Calls {
			fmt.Println(" ", c)
		}
	}
	if r.Verdict == checker.Invalid {
		fmt.Println(tr.Command(seed))
	}
	return nil
}

// A task is a cell that a process goes on with.
type task struct {
	Cell   cell
	Seeds  int  // the goal
	Found  int  // the goal
	Shrink bool // its first failure is to be minimised, and nothing measured
}

// measureAll measures all searches of the bugs, in as many processes as there are workers.
func measureAll(ctx context.Context, bugs []bug, s settings) error {
	n, err := openNotebook(folder)
	if err != nil {
		return err
	}
	var tasks []task
	for _, b := range bugs {
		for _, tr := range b.Searches {
			g := s.goal
			if !b.planted() {
				g = goal{s.twins, 1}
			}
			if c := n.of(b, tr); !g.reached(c) {
				tasks = append(tasks, task{Cell: c, Seeds: g.seeds, Found: g.found})
			}
		}
	}
	fmt.Printf("%d cells are to be measured\n", len(tasks))
	err = inProcesses(ctx, s.workers, tasks, func(c cell) error {
		fmt.Printf("%s under %s: %d of %d, the first by seed %d; %d unknown; %.1f s\n", c.Bug, c.Search, c.Found, c.Seeds, c.First, c.Unknown, c.CPU.Seconds())
		return n.add(c)
	})
	return errors.Join(err, n.tidy(everything()))
}

// inProcesses has each task worked on in a process of its own, some at a time, and passes on what each returns.
func inProcesses[T, R any](ctx context.Context, workers int, tasks []T, note func(R) error) error {
	queue := make(chan T)
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			for x := range queue {
				if err := inProcess(ctx, x, note); err != nil && ctx.Err() == nil {
					errs[i] = errors.Join(errs[i], err)
				}
			}
		})
	}
	for _, x := range tasks {
		if ctx.Err() != nil {
			break
		}
		queue <- x
	}
	close(queue)
	wg.Wait()
	return errors.Join(errs...)
}

// inProcess runs this program with a task on its standard input, and reads a line for each result.
func inProcess[T, R any](ctx context.Context, x T, note func(R) error) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, "-work")
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=400")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start a process: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start a process: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a process: %w", err)
	}
	err = json.NewEncoder(in).Encode(x)
	err = errors.Join(err, in.Close(), passOn(out, note))
	if err = errors.Join(err, cmd.Wait()); err != nil {
		return fmt.Errorf("measure %+v: %w", x, err)
	}
	return nil
}

// passOn passes results on, a line each. Other lines are printed.
func passOn[R any](out io.Reader, note func(R) error) error {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r R
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			fmt.Println(lines.Text())
			continue
		}
		if err := note(r); err != nil {
			return err
		}
	}
	return lines.Err()
}

// work measures the task that it reads, and writes the cell, as far as it is, a line each time.
func work(ctx context.Context, t *testing.T, in io.Reader, out io.Writer) error {
	var x task
	if err := json.NewDecoder(in).Decode(&x); err != nil {
		return fmt.Errorf("read the task: %w", err)
	}
	b, tr, err := findSearch(x.Cell.Bug, x.Cell.Search)
	if err != nil {
		return err
	}
	e := json.NewEncoder(out)
	if x.Shrink {
		return shrinkOne(ctx, t, b, tr, x.Cell, func(s shrunk) error { return e.Encode(s) })
	}
	return measure(ctx, t, b, tr, x.Cell, goal{x.Seeds, x.Found}, func(c cell) error { return e.Encode(c) })
}
