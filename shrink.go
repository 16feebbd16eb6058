package capsize

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/cputime"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// ShrinkOptions say what [Shrink] is to keep, and how far it goes. The zero value works.
type ShrinkOptions struct {
	Signature Signature          // that a smaller run must show; default: that of the run
	Runs      int                // the most runs; default 300
	CPU       time.Duration      // the most processor time of the process; default 10s. It ends the search and decides no verdict.
	Progress  func(ShrinkStatus) // is called before each run; for display. Optional
}

// A ShrinkStatus says how far [Shrink] is.
type ShrinkStatus struct {
	Runs int  // that were made
	Best Size // of the smallest run that shows the failure
}

// A Size is how large a run is.
type Size struct {
	Faults     int           `json:"faults"`
	Operations int           `json:"operations"` // that clients invoke
	Nodes      int           `json:"nodes"`
	Clients    int           `json:"clients"` // that invoke something
	Duration   time.Duration `json:"duration_ns"`
}

// String formats a size: "1 fault, 3 calls, 3 nodes".
func (s Size) String() string {
	return fmt.Sprintf("%s, %s, %s", words.Plural(s.Faults, "fault"), words.Plural(s.Operations, "call"), words.Plural(s.Nodes, "node"))
}

// A Necessity says of a part of a minimised run what happens without it.
type Necessity struct {
	Part    string `json:"part"`    // "fault 2" by the ID of its step, "operation 3" by its place in the script, "the faults" all together
	Without string `json:"without"` // "it passes", "it fails in another way: …", "it fails all the same"
	Needed  bool   `json:"needed"`  // whether the failure is gone without it
}

// A Shrunk is a failure that was made small.
type Shrunk struct {
	Test      Test      // the smallest that fails: its Nemesis is a plan, and it has a Script
	Result    *Result   // of a run of it
	Signature Signature // that all runs show
	Seed      uint64    // of the run that it was made from
	Before    Size      // of that run
	After     Size      // of the smallest
	Runs      int       // that it took, those for the notes included
	CPU       time.Duration
	Notes     []Necessity // for all faults together, for each fault and for each operation that is left
	Stopped   string      // why it ended while more might have been taken out: a budget; empty if it did not
}

// ErrNotRepeated is wrapped by the error of [Shrink] for a run that does not fail again when it is repeated from its plan and its operations.
var ErrNotRepeated = errors.New("the failure does not repeat")

// Shrink makes a run that is invalid as small as it can while it shows the same [Signature]. It works on the plan and the operations of
// the run. All draws are keyed by what they are for, so what is taken out changes no draw of the rest. In turn it tries
//   - no faults at all, the strip test;
//   - fewer nodes, also with other draws of what the faults choose;
//   - a shorter run: nothing that comes after the counterexample;
//   - fewer faults, by delta debugging (Zeller and Hildebrandt, 2002);
//   - fewer operations: those of the counterexample alone, those on its key, then delta debugging by client and by time;
//   - fewer clients, simpler faults, round times, and under a deterministic runtime goroutines that run first come, first served;
//
// and again, until nothing more can go or a budget is used up. Then it says of each part that is left what happens without it.
//
// T is for entering bubbles, as in [Exec]. The error wraps [ErrNotRepeated] if the run can't be repeated from its parts, as that of a system which is
// not deterministic. No error wraps it if nothing was tried, as when ctx is done, a budget is too small, or the run does not show the signature of o.
func Shrink(ctx context.Context, t *testing.T, r *Result, o ShrinkOptions) (*Shrunk, error) {
	s, err := newShrinker(ctx, t, r, o)
	if err != nil {
		return nil, err
	}
	out := &Shrunk{Signature: s.want, Seed: r.Seed, Before: sizeOf(s.best)}
	switch {
	case s.try(s.best):
	case s.err != nil:
		return nil, s.err
	case s.stopped != "": // it was not run
		return nil, errors.Join(fmt.Errorf("shrink seed %d: %s before a run was tried", r.Seed, s.stopped), ctx.Err())
	default:
		return nil, fmt.Errorf("shrink seed %d: %w: a run of its plan and its %s: %s", r.Seed, ErrNotRepeated, words.Plural(len(s.best.Script), "operation"), s.last)
	}
	s.shrink()
	out.Notes = s.notes()
	if s.err != nil {
		return nil, s.err
	}
	out.Test, out.Result, out.After = s.best, s.result, sizeOf(s.best)
	out.Runs, out.CPU, out.Stopped = s.runs, cputime.Used()-s.began, s.stopped
	return out, nil
}

// sizeOf returns the size of a test that has a plan and a script.
func sizeOf(t Test) Size {
	clients := map[int]bool{}
	for _, o := range t.Script {
		clients[o.Client] = true
	}
	return Size{Faults: len(planOf(t)), Operations: len(t.Script), Nodes: t.Nodes, Clients: len(clients), Duration: t.Duration}
}

// planOf returns the plan of a test whose nemesis is one.
func planOf(t Test) nemesis.Plan {
	p, _ := t.Nemesis.(nemesis.Plan)
	return p
}

// A shrinker looks for smaller runs that fail as one does. It has many methods because each is one pass over the same best run and the same
// budget.
type shrinker struct {
	ctx  context.Context
	t    *testing.T
	want Signature
	o    ShrinkOptions

	best    Test                // the smallest that shows the signature
	result  *Result             // of a run of best
	tried   map[string]triedRun // the tests that were run
	last    string              // the outcome of the last one
	runs    int
	began   time.Duration // of processor time
	stopped string
	err     error
}

// A triedRun is a test that was run.
type triedRun struct {
	outcome string
	result  *Result // of one that shows the signature, which may become the best again; else nil
}

func newShrinker(ctx context.Context, t *testing.T, r *Result, o ShrinkOptions) (*shrinker, error) {
	def(&o.Runs, 300)
	def(&o.CPU, 10*time.Second)
	s := &shrinker{ctx: ctx, t: t, want: o.Signature, o: o, tried: map[string]triedRun{}, began: cputime.Used()}
	if r.Verdict != checker.Invalid {
		return nil, fmt.Errorf("shrink seed %d: it is %v, and only a run that is invalid can be minimised", r.Seed, r.Verdict)
	}
	if s.want == (Signature{}) {
		s.want, _ = r.Signature(ctx)
	}
	if !r.Shows(ctx, s.want) {
		return nil, fmt.Errorf("shrink seed %d: the run does not show the signature %q", r.Seed, s.want)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("shrink seed %d: %w", r.Seed, err)
	}
	script, err := r.Script(ctx)
	s.runs = 1
	if err != nil { // the first run of a process may fill caches of libraries; all later ones find them full
		if r, script, err = s.warm(r, err); err != nil {
			return nil, fmt.Errorf("shrink seed %d: %w: %w", r.Seed, ErrNotRepeated, err)
		}
	}
	s.best = r.Test
	s.best.Nemesis, s.best.Script, s.best.Seeds = append(nemesis.Plan{}, r.Plan...), script, 1
	s.best.Metrics, s.best.Progress, s.best.Require, s.best.StopAt = nil, nil, nil, Breakpoint{}
	s.result = r
	return s, nil
}

// warm runs the seed of a run once more, and returns that run with its script if it shows the signature. Otherwise the error is cause.
func (s *shrinker) warm(r *Result, cause error) (*Result, workloads.Script, error) {
	s.runs += 2
	again, err := Exec(s.ctx, s.t, r.Test)
	if err != nil || !again.Shows(s.ctx, s.want) {
		return r, nil, cause
	}
	script, err := again.Script(s.ctx)
	if err != nil {
		return r, nil, cause
	}
	return again, script, nil
}

// Outcomes of runs that were tried.
const (
	failsAlike = "it fails all the same"
	itPasses   = "it passes"
	isUnknown  = "its verdict is unknown"
)

// try runs a test, and reports whether it shows the signature. If so it is the best one from now on. Tests that were run
// before are not run again, and none is once a budget is used up.
func (s *shrinker) try(test Test) bool {
	outcome, r := s.run(test)
	if outcome != failsAlike {
		return false
	}
	s.best, s.result = test, r
	return true
}

// run runs a test and says its outcome, which is empty if it was not run since the budget is used up. The result is that of a test that shows the
// signature.
func (s *shrinker) run(test Test) (outcome string, r *Result) {
	key := keyOf(test)
	if before, ok := s.tried[key]; ok {
		return before.outcome, before.result
	}
	if s.over() {
		return "", nil
	}
	if s.o.Progress != nil {
		s.o.Progress(ShrinkStatus{Runs: s.runs, Best: sizeOf(s.best)})
	}
	s.runs++
	r, err := Exec(s.ctx, s.t, test)
	switch {
	case err != nil:
		s.err = fmt.Errorf("shrink: run %d: %w", s.runs, err)
		return "", nil
	case r.Stopped != nil && !r.Shows(s.ctx, s.want):
		outcome = "it is cut short: " + r.Stopped.Error()
	default:
		outcome = s.outcome(r)
	}
	r.Decisions.Forget()
	if outcome != failsAlike {
		r = nil
	}
	s.tried[key], s.last = triedRun{outcome, r}, outcome
	return outcome, r
}

// outcome says in words what a run came to.
func (s *shrinker) outcome(r *Result) string {
	switch {
	case r.Shows(s.ctx, s.want):
		return failsAlike
	case r.Verdict == checker.Valid:
		return itPasses
	case r.Verdict == checker.Unknown:
		return isUnknown // of so few calls nothing can be said, but nothing is wrong with them
	}
	other, _ := r.Signature(s.ctx)
	return "it fails in another way: " + other.String()
}

// over reports whether a budget is used up, and notes which.
func (s *shrinker) over() bool {
	switch {
	case s.err != nil || s.stopped != "":
	case s.ctx.Err() != nil:
		s.stopped = "it was interrupted"
	case s.runs >= s.o.Runs:
		s.stopped = fmt.Sprintf("the budget of %s is used up", words.Plural(s.o.Runs, "run"))
	case cputime.Used()-s.began >= s.o.CPU:
		s.stopped = fmt.Sprintf("the budget of %v of processor time is used up", s.o.CPU)
	}
	return s.err != nil || s.stopped != ""
}

// keyOf returns what distinguishes a test from all others that are made from one run.
func keyOf(t Test) string {
	var b strings.Builder
	fmt.Fprintln(&b, t.Seed, t.Nodes, t.Clients, t.Duration, t.Settle, t.Timeout, t.Schedule, t.Calm)
	for _, p := range planOf(t) {
		fmt.Fprintln(&b, p.ID, p.At, p.For, p.Fault)
	}
	for _, o := range t.Script {
		fmt.Fprintf(&b, "%d %d %t %+v\n", o.Client, o.At, o.Final, o.Input)
	}
	return savedrun.ID(b.String())
}

// notes says of each part of the smallest run what happens without it.
func (s *shrinker) notes() (notes []Necessity) {
	note := func(part string, without Test) {
		stopped := s.stopped
		s.stopped = "" // a few runs more, whatever the search took
		outcome, _ := s.run(without)
		s.stopped = stopped
		if outcome == isUnknown {
			outcome = itPasses
		}
		if outcome != "" {
			notes = append(notes, Necessity{Part: part, Without: outcome, Needed: outcome != failsAlike})
		}
	}
	best := s.best
	if plan := planOf(best); len(plan) > 0 {
		note("the faults", withPlan(best, nil))
		for _, step := range plan {
			if len(plan) > 1 {
				note(fmt.Sprint("fault ", step.ID), withPlan(best, plan.Without(step.ID)))
			}
		}
	}
	if len(best.Script) > 20 {
		return notes // it could not be minimised: a note on each would not help
	}
	for i := range best.Script {
		note(fmt.Sprint("operation ", i+1), withScript(best, without(best.Script, i)))
	}
	return notes
}

func withPlan(t Test, p nemesis.Plan) Test {
	t.Nemesis = append(nemesis.Plan{}, p...)
	return t
}

func withScript(t Test, s workloads.Script) Test {
	t.Script = append(workloads.Script{}, s...)
	return t
}

// without returns a script without its operation i.
func without(s workloads.Script, i int) workloads.Script {
	return append(append(workloads.Script{}, s[:i]...), s[i+1:]...)
}
