package capsize

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/huntrun"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/index"
)

// hunted reports whether this process is a worker of "capsize hunt", and does what that asks for: all of the seeds, whatever comes of
// them, and not only those up to the first failure.
func (x *runner) hunted(t *testing.T) bool {
	t.Helper()
	w, err := huntrun.Open()
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	if w == nil {
		return false
	}
	if !w.Task.List && (w.Task.Test != x.name || w.Task.Run != x.key) {
		return true // another Run of this test, or another test
	}
	ctx, stop := beforeDeadline(t)
	defer stop()
	if err := warmUp(); err != nil {
		t.Fatalf("capsize: %v", err)
	}
	w.Say(huntrun.Line{Hello: &huntrun.Hello{Capsize: moduleVersion(), Go: runtime.Version(), Runtime: detrt.Version()}})
	err = x.work(ctx, t, w)
	if err != nil {
		w.Say(huntrun.Line{Error: err.Error()})
	} else if ctx.Err() == nil {
		w.Say(huntrun.Line{End: true})
	}
	if err = cmp.Or(err, w.Err()); err != nil {
		t.Fatalf("capsize: %v", err)
	}
	return true
}

// work does the task of a worker. The error is about a test that can't be run.
func (x *runner) work(ctx context.Context, t *testing.T, w *huntrun.Worker) error {
	switch {
	case w.Task.List:
		test, err := x.test.complete()
		if err != nil {
			return err
		}
		w.Say(huntrun.Line{Found: &huntrun.Found{
			Test: x.name, Run: x.key, System: systemName(test.System), Workload: test.Workload.Name, Nemesis: test.Nemesis.String(),
		}})
		return nil
	case w.Task.Small != nil:
		s, err := x.small(ctx, t, w.Task)
		if err != nil {
			return err
		}
		w.Say(huntrun.Line{Small: s})
		w.Wait()
		return nil
	}
	for _, seed := range w.Task.Seeds {
		w.Say(huntrun.Line{Begin: seed})
		r, err := x.runSeed(ctx, t, seed)
		if err != nil {
			return err
		}
		if wasInterrupted(r) {
			return nil
		}
		o, err := outcomeOf(ctx, r)
		if err != nil {
			return err
		}
		w.Say(huntrun.Line{Run: o})
		w.Wait()
		if w.Err() != nil || ctx.Err() != nil {
			return nil
		}
		r.Decisions.Forget()
	}
	return nil
}

// runSeed runs one seed of the test, alone.
func (x *runner) runSeed(ctx context.Context, t *testing.T, seed uint64) (*Result, error) {
	one := x.test
	one.Seed, one.Seeds, one.StopAt = seed, 1, Breakpoint{}
	r, err := Exec(ctx, t, one)
	if err != nil {
		return nil, fmt.Errorf("run seed %d of %s: %w", seed, x.test.Name, err)
	}
	return r, nil
}

// outcomeOf returns what a hunt keeps of a run.
func outcomeOf(ctx context.Context, r *Result) (o *huntrun.Outcome, err error) {
	o = &huntrun.Outcome{
		Seed: r.Seed, Verdict: r.Verdict.String(), CPU: r.CPU, Virtual: r.Virtual, Trace: fmt.Sprintf("%016x", r.Trace),
	}
	if r.Decisions != nil {
		o.Schedule = r.Test.Schedule.String()
	}
	if o.Exercised, err = json.Marshal(r.Exercised); err != nil {
		return nil, fmt.Errorf("what seed %d exercised: %w", r.Seed, err)
	}
	if r.Verdict == checker.Valid {
		return o, nil
	}
	if s, ok := r.Signature(ctx); ok {
		o.Signature = (*huntrun.Signature)(&s)
	}
	o.Reason, o.Weight = r.Reason, weightOf(r)
	o.Digest, err = r.Digest()
	return o, err
}

// weightOf counts the ops of a history up to the end of what is wrong.
func weightOf(r *Result) int {
	n := r.History.Len()
	why := counterexampleOf(r)
	if why == nil {
		return n
	}
	var last time.Duration
	for _, c := range why.Calls {
		last = max(last, c.Invoke.Time)
	}
	for i := range n {
		if r.History.At(i).Time > last {
			return i
		}
	}
	return n
}

// counterexampleOf returns that of the check that decided, if it was found.
func counterexampleOf(r *Result) *checker.Counterexample {
	for _, c := range r.Checks {
		if c.Verdict == r.Verdict {
			return c.Counterexample
		}
	}
	return nil
}

// small finds the smallest reproduction of a failure, and writes its page.
func (x *runner) small(ctx context.Context, t *testing.T, task huntrun.Task) (*huntrun.Smallest, error) {
	want := task.Small
	r, err := x.runSeed(ctx, t, want.Seed)
	if err != nil {
		return nil, err
	}
	command := cmp.Or(want.Command, x.set.rerunSeed(x.name, want.Seed))
	digest, err := r.Digest()
	if err != nil {
		return nil, err
	}
	s := &huntrun.Smallest{Seed: want.Seed, Command: command}
	if s.Repeats = "2 of 2 runs alike, the second in a process of its own"; want.Digest != "" && digest != want.Digest {
		s.Repeats = "NO: a second run of this seed, in a process of its own, was another one"
	}
	if r.Verdict == checker.Valid {
		s.Repeats = "NO: a second run of this seed, in a process of its own, is valid"
		want.CPU = 0
	}
	if err := x.minimise(ctx, t, r, task, s); err != nil {
		return nil, err
	}
	return s, x.keepFailure(task, r, want.Dir)
}

// keepFailure writes what it takes to run the seed again, with its history, into a folder in dir.
func (x *runner) keepFailure(task huntrun.Task, r *Result, dir string) error {
	rec, err := x.record(r)
	if err != nil {
		return err
	}
	if s := task.System; s != nil {
		rec.Test, rec.Run = "", ""
		rec.Capsize, rec.System, rec.Bug, rec.Workload, rec.Nemesis = moduleVersion(), s.System, s.Bug, s.Workload, s.Nemesis
	}
	return rec.Write(filepath.Join(dir, rec.Name()), r.History)
}

// writePage writes the page of the run that is shown of a failure, and its text.
func (x *runner) writePage(ctx context.Context, r *Result, s *huntrun.Smallest, dir string, about *huntrun.System, notes ...string) error {
	page, err := r.Page(s.Command)
	if err != nil {
		return err
	}
	if about != nil {
		page.System, page.Bug, page.Nemesis = about.System, about.Bug, about.Nemesis
	}
	page.Repeats, page.Note, page.Index = s.Repeats, joinLines(notes...), "../../"+index.File
	page.ReportPath, err = report.WriteContext(ctx, dir, page)
	if err != nil {
		return fmt.Errorf("page of seed %d: %w", r.Seed, err)
	}
	s.Page, page.ReportPath = filepath.Base(page.ReportPath), ""
	const accountWidth = 120
	s.Account = report.AccountOf(page, accountWidth)
	var b strings.Builder
	if err := report.Text(&b, page, report.Style{}); err != nil {
		return err
	}
	s.Text = b.String()
	if err := os.WriteFile(filepath.Join(dir, "failure.txt"), []byte(s.Text), 0o644); err != nil {
		return fmt.Errorf("text of seed %d: %w", r.Seed, err)
	}
	return nil
}

// modulePath is that of Capsize.
const modulePath = "github.com/capsize-go/capsize"

// moduleVersion returns the version of Capsize that this program has.
func moduleVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	if info.Main.Path == modulePath {
		return cmp.Or(info.Main.Version, "(devel)")
	}
	for _, m := range info.Deps {
		if m.Path == modulePath {
			return m.Version
		}
	}
	return "(unknown)"
}

// minimise makes a failure small, within its budget of processor time, and writes the page of the smallest run. A failure that can't
// be made small has the page of the whole run, which says why.
func (x *runner) minimise(ctx context.Context, t *testing.T, r *Result, task huntrun.Task, s *huntrun.Smallest) error {
	t.Helper()
	want, about := task.Small, task.System
	s.Before = huntrun.Size{Faults: len(r.Plan), Operations: callsOf(r), Nodes: r.Test.Nodes, Clients: r.Test.Clients, Duration: r.Test.Duration}
	s.After = s.Before
	if want.CPU <= 0 || r.Verdict != checker.Invalid {
		return x.writePage(ctx, r, s, want.Dir, about)
	}
	small, err := Shrink(ctx, t, r, ShrinkOptions{Signature: Signature(want.Signature), CPU: want.CPU})
	if err != nil {
		s.Stopped = err.Error()
		return x.writePage(ctx, r, s, want.Dir, about, "It could not be made small: "+s.Stopped)
	}
	s.Before, s.After, s.Runs, s.CPU, s.Stopped = huntrun.Size(small.Before), huntrun.Size(small.After), small.Runs, small.CPU, small.Stopped
	for _, n := range small.Notes {
		s.Notes = append(s.Notes, fmt.Sprintf("without %s: %s", n.Part, n.Without))
	}
	text := fmt.Sprintf("This is the smallest run that shows the failure of seed %d: %s of %s, made in %s.", r.Seed, small.After, small.Before, words.Plural(small.Runs, "run"))
	return x.writePage(ctx, small.Result, s, want.Dir, nil, append([]string{text}, s.Notes...)...)
}

// callsOf counts the calls of clients in a history.
func callsOf(r *Result) (n int) {
	for range r.History.Calls() {
		n++
	}
	return n
}
