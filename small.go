package capsize

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/huntrun"
	"github.com/capsize-go/capsize/internal/recorder"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/report"
)

// A failure is minimised before it is printed, and what is kept of it is the small run: see docs/reference/failures.md.

// storyWidth is how wide the lines are that say in a saved failure what happened.
const storyWidth = 110

// String formats what happens without a part: "without fault 2: it passes".
func (n Necessity) String() string { return fmt.Sprintf("without %s: %s", n.Part, n.Without) }

// How says what was cut: "from 6 faults, 707 calls, 5 nodes to 1 fault, 3 calls, 3 nodes in 61 runs (1.2s)".
func (s *Shrunk) How() string {
	text := fmt.Sprintf("%s (%s)", s.how(), words.Duration(s.CPU))
	if s.Stopped != "" {
		text += "; it might become smaller: " + s.Stopped
	}
	return text
}

// how is How without what differs from one machine to another.
func (s *Shrunk) how() string {
	return fmt.Sprintf("from %v to %v in %s", s.Before, s.After, words.Plural(s.Runs, "run"))
}

// Text returns the failure as the text of a file that "capsize replay" runs, whose form docs/reference/failures.md describes. System, bug
// and nemesis are names of the catalog that capsize run knows. It is an error if a fault, an input or the history can't be kept in such a file.
func (s *Shrunk) Text(ctx context.Context, system, bug, nemesis string) ([]byte, error) {
	rec := recordOf(s.Test, s.Result.Plan)
	rec.System, rec.Bug, rec.Nemesis = system, bug, nemesis
	f, err := s.failure(ctx, rec)
	if err != nil {
		return nil, err
	}
	return f.Encode()
}

// failure returns what is kept of a small run. The record has the names of what was run.
func (s *Shrunk) failure(ctx context.Context, rec savedrun.Record) (f failure.Failure, err error) {
	r := s.Result
	r.Explain(ctx)
	rec.Capsize = huntrun.Version()
	rec.Verdict, rec.Reason, rec.Build, rec.Plan = r.Verdict, reasonOf(r), savedrun.Build(), nil
	if rec.Digest, err = r.Digest(); err != nil {
		return f, err
	}
	f = failure.Failure{Record: rec, Shows: failure.Signature(s.Signature), From: s.Seed, Shrunk: s.how()}
	if f.Steps, err = failure.StepsOf(planOf(s.Test), r.History); err != nil {
		return f, err
	}
	if f.Ops, err = failure.OpsOf(s.Test.Workload, s.Test.Script); err != nil {
		return f, err
	}
	var h bytes.Buffer
	if err := r.History.Write(&h); err != nil {
		return f, err
	}
	if f.History = h.Bytes(); len(f.History) > failure.MaxHistory {
		return f, fmt.Errorf("the history of the small run has %s bytes, and a file may have %s", words.Count(len(f.History)), words.Count(failure.MaxHistory))
	}
	for _, n := range s.Notes {
		f.Notes = append(f.Notes, failure.Note{Part: n.Part, Without: n.Without})
	}
	f.Story, err = r.story(ctx)
	return f, err
}

// story says in a few lines what a run shows and how that came about.
func (r *Result) story(ctx context.Context) ([]string, error) {
	page, err := r.Page("")
	if err != nil {
		return nil, err
	}
	head := fmt.Sprintf("%s on %s: %s", page.Workload, page.System, page.Headline())
	lines := append([]string{head}, words.Wrap(reasonOf(r), storyWidth)...)
	if account := report.AccountOf(page, storyWidth); len(account) > 0 {
		lines = append(append(lines, ""), account...)
	}
	return lines, nil
}

// reasonOf returns what is wrong with a run, as the counterexample says it if there is one.
func reasonOf(r *Result) string {
	if x := r.Counterexample; x != nil && x.Reason != "" {
		return x.Reason
	}
	return r.Reason
}

// A smaller is the outcome of minimising a failure of a Run.
type smaller struct {
	*Shrunk
	kept   failure.Failure
	second again  // of the small run
	why    string // there is none
	failed bool   // it was tried, and there is none
}

// ok reports whether there is a small run that can be kept.
func (s smaller) ok() bool { return s.why == "" }

// smallerOf minimises a failure, whose second run came to again.
func (x *runner) smallerOf(ctx context.Context, t *testing.T, r *Result, again again) (s smaller) {
	t.Helper()
	switch {
	case x.set.shrink < 0:
		return smaller{why: "CAPSIZE_SHRINK is off"}
	case r.Verdict != checker.Invalid:
		return smaller{why: fmt.Sprintf("its verdict is %v, and only what is invalid is minimised", r.Verdict)}
	case r.Stopped != nil:
		return smaller{why: "the run was cut short"}
	case again.differs != "" || again.after != 0:
		return smaller{why: "the run does not repeat by itself"}
	}
	// What ends the process now is no failure of the seed: it is not to be found as a run that was cut short.
	quiet := recorder.NewContext(ctx, nil)
	var err error
	if s.Shrunk, err = Shrink(quiet, t, r, ShrinkOptions{CPU: x.set.shrinkBudget()}); err != nil {
		return smaller{why: err.Error(), failed: true}
	}
	rec, err := x.record(s.Result)
	if err != nil {
		return smaller{why: err.Error(), failed: true}
	}
	rec.Nemesis = r.Test.Nemesis.String()
	s.Test.Metrics = r.Test.Metrics
	resolve(quiet, t, s.Shrunk)
	if s.second = x.again(quiet, t, s.Result); s.second.differs != "" || !s.second.tried() {
		return smaller{why: joinLines("the small run does not repeat: "+s.second.missing, s.second.differs), failed: true}
	}
	if s.kept, err = s.failure(ctx, rec); err != nil {
		return smaller{why: err.Error(), failed: true}
	}
	s.kept.Record.Repeats = savedrun.Yes
	return s
}

// logSmall logs the small run of a failure that a test expects, if CAPSIZE_SHRINK asks for it: such a test is not to become slower by itself.
func (x *runner) logSmall(ctx context.Context, t *testing.T, r *Result) {
	t.Helper()
	if x.set.shrink <= 0 {
		return
	}
	s := x.smallerOf(ctx, t, r, again{})
	if !s.ok() {
		t.Logf("capsize: seed %d could not be minimised: %s", r.Seed, s.why)
		return
	}
	page, err := s.Result.Page("")
	if err != nil {
		t.Errorf("capsize: %v", err)
		return
	}
	page.Repeats, page.Shrunk = s.second.String(), x.about(s.kept, s.How())
	var b strings.Builder
	if err := report.Text(&b, page, report.Style{Verbose: testing.Verbose()}); err != nil {
		t.Errorf("capsize: %v", err)
	}
	t.Logf("%s", strings.TrimRight(b.String(), "\n"))
}

// resolve puts what the faults chose in place of what they draw, so that the run depends on fewer draws, if that is the very same run.
func resolve(ctx context.Context, t *testing.T, s *Shrunk) {
	t.Helper()
	test := s.Test
	test.Nemesis = s.Result.Resolved()
	r, err := Exec(ctx, t, test)
	if err == nil && s.Result.Diff(r) == "" && r.Shows(ctx, s.Signature) {
		s.Test, s.Result = test, r
	}
}

// keep keeps the small run in place of the folder of the whole one.
func (s *smaller) keep(ctx context.Context, x *runner, dir string) error {
	next := dir + ".new"
	if err := s.kept.Write(next); err != nil {
		return err
	}
	if canConfirm() {
		if differs := x.freshlySmall(ctx, next, s.Result); differs != "" {
			s.why = differs
			return os.Remove(next)
		}
		s.second.fresh = true
	}
	if err := errors.Join(os.RemoveAll(dir), os.Rename(next, dir)); err != nil {
		return fmt.Errorf("keep the small failure: %w", err)
	}
	return nil
}

// about is what a report says of how a run was made small.
func (x *runner) about(f failure.Failure, how string) report.Shrunk {
	return report.Shrunk{Seed: f.From, How: how, Needs: f.Without(), Whole: "CAPSIZE_SHRINK=off " + x.set.rerunSeed(x.name, f.From)}
}

// passesSmall reports whether nothing is wrong with a run of a script. That it has too few calls or faults to prove anything, which
// makes any other run unknown, says nothing of a run that was made small.
func passesSmall(r *Result) bool {
	panicked := func(c checker.Result) bool { return c.Verdict == checker.Unknown && c.Checker == panickedChecker }
	return r.Stopped == nil && r.Verdict != checker.Invalid && !slices.ContainsFunc(r.Checks, panicked)
}
