package explore

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capsize-go/capsize/internal/gocommand"
	"github.com/capsize-go/capsize/internal/goroutines"
	"github.com/capsize-go/capsize/internal/rundiff"
	"github.com/capsize-go/capsize/internal/turn"
	"github.com/capsize-go/capsize/schedule"
)

// A sweep is one call of [Run].
type sweep struct {
	t *testing.T
	Options
	f     func(*testing.T)
	key   string // of the call: the test's name, with the number of the call from the second one on
	kept  keptSeeds
	asked *question // if this process was started by another one, to say what a seed comes to
}

// calls counts the calls of Run of each test that is under way.
var calls = struct {
	sync.Mutex
	of map[*testing.T]int
}{of: map[*testing.T]int{}}

func newSweep(t *testing.T, o Options, f func(*testing.T)) *sweep {
	calls.Lock()
	defer calls.Unlock()
	calls.of[t]++
	n := calls.of[t]
	if n == 1 {
		t.Cleanup(func() {
			calls.Lock()
			defer calls.Unlock()
			delete(calls.of, t)
		})
	}
	key := t.Name()
	if n > 1 {
		key = fmt.Sprintf("%s#%d", key, n)
	}
	return &sweep{t: t, Options: o, f: f, key: key, kept: keptOf(t.Name(), n), asked: readQuestion()}
}

// warmUp is the seed of the run with which each process begins. What is initialized at its first use, in a package of Go or of the
// user, passes points in the first run of a process that later runs do not pass. So a seed that comes
// after other seeds would differ from the same one alone.
const warmUp = 0

// run runs the seeds. Chosen says that the environment says which.
func (x *sweep) run(chosen bool) {
	t := x.t
	t.Helper()
	if x.asked != nil && x.asked.Key != x.key {
		return
	}
	end, err := turn.Take(t.Context(), t)
	if err != nil {
		t.Fatalf("explore: %v", err)
	}
	defer end()
	defer goroutines.SetGODEBUG(goroutines.ShowLabels)()
	if rundiff.Wanted() {
		x.compared()
		return
	}
	first := x.first(chosen)
	progress := x.kept.record(chosen)
	defer progress.close()
	if schedule.Active() {
		if o := x.try(warmUp, progress); o.failed {
			x.fail(o, "the run with which each process begins, in which goroutines run in the order in which they become ready,")
			return
		}
	}
	for _, seed := range first {
		if o := x.try(seed, progress); o.failed {
			x.fail(o, fmt.Sprintf("seed %d, which failed before,", seed))
			return
		}
		t.Logf("explore: seed %d passes now, which failed before or was under way when a process died", seed)
	}
	for i := range x.Seeds {
		if late := x.late(i); late {
			return
		}
		o := x.try(x.Seed+uint64(i), progress)
		if o.failed {
			x.fail(o, fmt.Sprintf("seed %d, number %d of %d,", o.seed, i+1, x.Seeds))
			return
		}
	}
	x.passed()
}

// compared runs one seed for "capsize test --diff", behind the run with which each process begins. Nothing else is kept.
func (x *sweep) compared() {
	x.t.Helper()
	for _, seed := range []uint64{warmUp, x.Seed} {
		s := x.Schedule
		if seed == warmUp {
			s = schedule.FirstCome()
		}
		o := once(x.t, seed, s, x.f)
		verdict := "passed"
		if o.failed {
			verdict = "failed"
		}
		if err := rundiff.Write(rundiff.Run{Name: x.key, Seed: seed, Verdict: verdict}, schedule.Recorded(), nil); err != nil {
			x.t.Fatalf("explore: %v", err)
		}
		if o.failed {
			x.t.FailNow()
		}
	}
}

// first returns the seeds that are tried before the others: those that failed before, if they can be repeated.
func (x *sweep) first(chosen bool) []uint64 {
	if chosen {
		return nil
	}
	seeds, err := x.kept.read()
	if err != nil {
		x.t.Errorf("explore: %v", err)
	}
	if !schedule.Active() {
		return nil
	}
	return seeds
}

func (x *sweep) try(seed uint64, p *progress) outcome {
	p.begin(seed)
	s := x.Schedule
	if seed == warmUp {
		s = schedule.FirstCome()
	}
	o := once(x.t, seed, s, x.f)
	if x.asked != nil {
		x.asked.answer(x.t, o)
	}
	if o.skipped {
		x.t.SkipNow()
	}
	return o
}

// late fails the test if the end of go test -timeout is near.
func (x *sweep) late(done int) bool {
	x.t.Helper()
	deadline, ok := x.t.Deadline()
	if !ok || time.Until(deadline) > time.Second {
		return false
	}
	x.t.Errorf("explore: stopped before the deadline of go test -timeout: %d of %d seeds were run from seed %d on, and none failed.\n"+
		"Give it more time, or fewer seeds (CAPSIZE_SEEDS)", done, x.Seeds, x.Seed)
	return true
}

// passed says what a test without a failure has shown.
func (x *sweep) passed() {
	x.t.Helper()
	if !schedule.Active() {
		x.t.Logf("explore: none of %d runs failed, but Go decided the order of the goroutines, which is nearly the same each time, and no seed. To try %d orders: %s",
			x.Seeds, x.Seeds, x.command(""))
		return
	}
	x.t.Logf("explore: none of %d seeds failed, from seed %d on, schedule %v", x.Seeds, x.Seed, x.Schedule)
}

// fail fails the test for a seed.
func (x *sweep) fail(o outcome, which string) {
	t := x.t
	t.Helper()
	var b strings.Builder
	if !schedule.Active() {
		fmt.Fprintf(&b, "explore: a run failed. Go decided the order of the goroutines, so it may not fail again. To look for a seed that fails each time:\n%s",
			x.command(""))
		stuck(&b, o)
		t.Fatal(b.String())
	}
	fmt.Fprintf(&b, "explore: %s fails with the schedule %v, after %d decisions", which, o.schedule, o.trace.Steps)
	command := x.rerun(max(1, o.seed), 1)
	if x.asked == nil {
		repeats, from := x.confirm(o)
		fmt.Fprintf(&b, "\nrepeats  %s", repeats)
		command = x.rerun(max(1, from), int(o.seed-from)+1)
		if o.seed == warmUp {
			fmt.Fprintf(&b, "\nIt is no seed, and is run again by any command.")
		} else if file, err := x.kept.add(o); err != nil {
			fmt.Fprintf(&b, "\nnot kept %v", err)
		} else {
			fmt.Fprintf(&b, "\nkept in  %s, to be tried first", gocommand.FromRoot(file))
		}
	}
	fmt.Fprintf(&b, "\nTo re-run:\n%s", command)
	stuck(&b, o)
	t.Fatal(b.String())
}

func stuck(b *strings.Builder, o outcome) {
	if o.stuck != "" {
		fmt.Fprintf(b, "\n\nThe run has stopped for good: %s", o.stuck)
	}
}

// rerun returns the command that runs seeds again.
func (x *sweep) rerun(from uint64, seeds int) string {
	return x.command(fmt.Sprintf("CAPSIZE_SEED=%d CAPSIZE_SEEDS=%d ", from, seeds))
}

func (x *sweep) command(env string) string {
	flags := gocommand.Flags()
	if raced() {
		flags = " -race" + flags
	}
	if testing.Verbose() {
		flags = " -v" + flags // see gocommand.Arguments
	}
	command := gocommand.Test(x.t.Name(), gocommand.Package(), flags)
	return env + "capsize test" + strings.TrimPrefix(command, gocommand.Command())
}

// raced reports whether the program was built with the race detector.
func raced() bool {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return false
	}
	for _, s := range info.Settings {
		if s.Key == "-race" {
			return s.Value == "true"
		}
	}
	return false
}

// testName returns a test's name as that of a folder.
func testName(name string) string { return filepath.FromSlash(name) }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
