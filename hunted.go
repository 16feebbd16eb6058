package capsize

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/huntrun"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/index"
)

// hunted reports whether this process is a worker of "capsize hunt", and does what that asks for: all of the seeds,
// and not only those up to the first failure.
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
	err = huntWorker{x, w}.work(ctx, t)
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

// A huntWorker runs seeds of a Run for a hunt.
type huntWorker struct {
	*runner
	*huntrun.Worker
}

// work does the task of a worker. The error is about a test that can't be run.
func (w huntWorker) work(ctx context.Context, t *testing.T) error {
	t.Helper()
	switch {
	case w.Task.List:
		test, err := w.test.complete()
		if err != nil {
			return err
		}
		w.Say(huntrun.Line{Found: &huntrun.Found{
			Test: w.name, Run: w.key, System: systemName(test.System), Workload: test.Workload.Name, Nemesis: test.Nemesis.String(),
		}})
		return nil
	case w.Task.Small != nil:
		s, err := w.small(ctx, t)
		if err != nil {
			return err
		}
		w.Say(huntrun.Line{Small: s})
		w.Wait()
		return nil
	}
	for _, seed := range w.Task.Seeds {
		w.Say(huntrun.Line{Begin: seed})
		r, err := w.runSeed(ctx, t, seed)
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
func (w huntWorker) runSeed(ctx context.Context, t *testing.T, seed uint64) (*Result, error) {
	one := w.test
	one.Seed, one.Seeds, one.StopAt = seed, 1, Breakpoint{}
	r, err := Exec(ctx, t, one)
	if err != nil {
		return nil, fmt.Errorf("run seed %d of %s: %w", seed, w.test.Name, err)
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

// small finds the smallest reproduction of a failure, and writes its page and what it takes to run it again.
func (w huntWorker) small(ctx context.Context, t *testing.T) (*huntrun.Smallest, error) {
	t.Helper()
	want := w.Task.Small
	r, err := w.runSeed(ctx, t, want.Seed)
	if err != nil {
		return nil, err
	}
	digest, err := r.Digest()
	if err != nil {
		return nil, err
	}
	s := &huntrun.Smallest{
		Seed: want.Seed, Command: cmp.Or(want.Command, w.set.rerunSeed(w.name, want.Seed)),
		Repeats: "2 of 2 runs alike, the second in a process of its own",
	}
	s.Before = huntrun.Size{Faults: len(r.Plan), Operations: callsOf(r), Nodes: r.Test.Nodes, Clients: r.Test.Clients, Duration: r.Test.Duration}
	s.After = s.Before
	switch {
	case r.Verdict == checker.Valid:
		s.Repeats = "NO: a second run of this seed, in a process of its own, is valid"
	case want.Digest != "" && digest != want.Digest:
		s.Repeats = "NO: a second run of this seed, in a process of its own, was another one"
	case want.CPU > 0 && r.Verdict == checker.Invalid:
		err := w.minimise(ctx, t, r, s)
		if err == nil {
			return s, nil
		}
		s.Stopped = err.Error()
	}
	rec, err := w.recordOf(r)
	if err != nil {
		return nil, err
	}
	rec.Unshrunk, s.Saved = s.Stopped, rec.Name()
	if err := rec.Write(filepath.Join(want.Dir, s.Saved), r.History); err != nil {
		return nil, err
	}
	note := ""
	if s.Stopped != "" {
		note = "It could not be made small: " + s.Stopped
	}
	return s, w.writePage(ctx, r, s, func(p *report.Run) { p.Note = note })
}

// minimise makes a failure small, within its budget of processor time, and keeps the small run. The error says why that can't be done.
func (w huntWorker) minimise(ctx context.Context, t *testing.T, r *Result, s *huntrun.Smallest) error {
	t.Helper()
	want := w.Task.Small
	small, err := Shrink(ctx, t, r, ShrinkOptions{Signature: Signature(want.Signature), CPU: want.CPU})
	if err != nil {
		return err
	}
	small.Test.Metrics = r.Test.Metrics
	resolve(ctx, t, small)
	second := w.again(ctx, t, small.Result)
	if second.differs != "" || !second.tried() {
		return errors.New(joinLines("the small run does not repeat: "+second.missing, second.differs))
	}
	whole, err := w.recordOf(r)
	if err != nil {
		return err
	}
	rec, err := w.recordOf(small.Result)
	if err != nil {
		return err
	}
	rec.Nemesis = whole.Nemesis
	kept, err := small.failure(ctx, rec)
	if err != nil {
		return err
	}
	kept.Record.Repeats = savedrun.Yes
	s.Saved = whole.Name()
	file := filepath.Join(want.Dir, s.Saved)
	if err := kept.Write(file); err != nil {
		return err
	}
	if canConfirm() {
		if differs := w.freshlySmall(ctx, file, small.Result); differs != "" {
			return errors.Join(errors.New(differs), os.Remove(file))
		}
		second.fresh = true
	}
	s.Before, s.After, s.Runs, s.CPU, s.Stopped = huntrun.Size(small.Before), huntrun.Size(small.After), small.Runs, small.CPU, small.Stopped
	for _, n := range small.Notes {
		s.Notes = append(s.Notes, n.String())
	}
	s.Repeats = second.String()
	return w.writePage(ctx, small.Result, s, func(p *report.Run) {
		if p.Rerun = want.Replay + s.Saved; want.Replay == "" {
			p.Rerun = w.set.rerunTest(path.Join(w.name, w.key), s.Saved)
		}
		p.Shrunk = report.Shrunk{Seed: r.Seed, How: small.How(), Needs: kept.Without(), Whole: s.Command}
	})
}

// recordOf returns the record of a run: with the names of the catalog if it is of a system that ships with Capsize.
func (w huntWorker) recordOf(r *Result) (savedrun.Record, error) {
	rec, err := w.record(r)
	if s := w.Task.System; s != nil {
		rec.Test, rec.Run = "", ""
		rec.Capsize, rec.System, rec.Bug, rec.Workload, rec.Nemesis = moduleVersion(), s.System, s.Bug, s.Workload, s.Nemesis
	}
	return rec, err
}

// callsOf counts the calls of clients in a history.
func callsOf(r *Result) (n int) {
	for range r.History.Calls() {
		n++
	}
	return n
}

// writePage writes the page of the run that is shown of a failure, and its text.
func (w huntWorker) writePage(ctx context.Context, r *Result, s *huntrun.Smallest, more func(*report.Run)) error {
	dir := w.Task.Small.Dir
	page, err := r.Page(s.Command)
	if err != nil {
		return err
	}
	if about := w.Task.System; about != nil {
		page.System, page.Bug, page.Nemesis = about.System, about.Bug, about.Nemesis
	}
	page.Repeats, page.Index = s.Repeats, "../../"+index.File
	more(&page)
	page.ReportPath, err = report.WriteContext(ctx, dir, page)
	if err != nil {
		return fmt.Errorf("page of seed %d: %w", r.Seed, err)
	}
	s.Page, page.ReportPath = filepath.Base(page.ReportPath), ""
	const oneLine = 1000 // a step is a line: the page of the campaign breaks it
	s.Account = report.AccountOf(page, oneLine)
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

// moduleVersion returns the version of Capsize that this program has.
func moduleVersion() string { return huntrun.Version() }
