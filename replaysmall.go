package capsize

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/recorder"
	"github.com/capsize-go/capsize/internal/savedrun"
)

// applySmall makes a test repeat a small failure. The error says which step or operation is the first that no longer fits.
func applySmall(f failure.Failure, test Test) (Test, error) {
	r := f.Record
	if r.Workload != test.Workload.Name {
		return test, fmt.Errorf("the failure is of workload %q, and the test has %q now", r.Workload, test.Workload.Name)
	}
	plan, err := f.Plan()
	if err != nil {
		return test, err
	}
	script, err := f.Script(test.Workload)
	if err != nil {
		return test, err
	}
	test = savedRun{Record: r}.apply(test)
	test.Nemesis, test.Script = plan, script
	test.Require = nil // a small run exercises too little for it
	if r.Schedule != "" {
		err = test.Schedule.UnmarshalText([]byte(r.Schedule))
	}
	return test, err
}

// replaySmall runs a small failure again. It fails if the run shows what it showed, or anything else that is wrong. It passes if that is not so, and
// the code changed: then the file stays as a regression test. docs/reference/determinism.md has the table.
func (x *runner) replaySmall(ctx context.Context, t *testing.T, s savedRun) {
	t.Helper()
	file := filepath.ToSlash(s.Dir)
	test, err := applySmall(*s.small, x.test)
	if err != nil {
		t.Errorf("capsize: %s can't be run any more, as the test or its faults changed: %v\nDelete the file if it is of no use.", file, err)
		return
	}
	ctx = recorder.NewContext(ctx, nil) // a run that is cut short is found by its seed, and this is not the run of a seed
	r, err := Exec(ctx, t, test)
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	out := shown{saved: s.Dir, id: s.ID, rerun: x.set.rerunTest(path.Join(x.name, x.key), s.ID), shrunk: x.about(*s.small, s.small.Shrunk)}
	if wasInterrupted(r) {
		x.show(t, r, out)
		return
	}
	differs, err := s.small.Differs(r.History)
	if err != nil {
		t.Errorf("capsize: compare with the saved run: %v", err)
	}
	second := x.repeated(ctx, t, s, r, differs, &out)
	shows := r.Shows(ctx, Signature(s.small.Shows))
	switch {
	case asExpected(r, x.test.Expect), !shows && passesSmall(r):
		x.passedSmall(t, s, r, differs, second, out)
	case shows:
		x.show(t, r, out)
	default:
		out.note = joinLines(fmt.Sprintf("This is another failure than the saved one, which was %v.", Signature(s.small.Shows)), out.note)
		x.show(t, r, out)
	}
}

// repeated says in out whether a replay is the saved run. If it differs, its seed is run again.
func (x *runner) repeated(ctx context.Context, t *testing.T, s savedRun, r *Result, differs string, out *shown) (second again) {
	t.Helper()
	if differs == "" {
		out.repeats = "this is the saved run, byte for byte"
		return again{}
	}
	second = x.again(ctx, t, r)
	out.repeats = second.String()
	out.note = joinLines("This run is not the one that was saved: "+differs, second.differs, s.whyOther(second))
	return second
}

// passedSmall reports a small failure that shows nothing wrong any more.
func (x *runner) passedSmall(t *testing.T, s savedRun, r *Result, differs string, second again, out shown) {
	t.Helper()
	where := fmt.Sprintf("capsize: the small run of seed %d, saved in %s", s.small.From, filepath.ToSlash(s.Dir))
	was := fmt.Sprintf("It was %v: %s", s.Verdict, s.Reason)
	now := "It passes now."
	if r.Verdict != checker.Valid {
		now = fmt.Sprintf("It passes now: nothing is wrong with it, but it is too small to be valid (%s).", r.Reason)
	}
	if asExpected(r, x.test.Expect) {
		now = "It is what the test expects now."
	}
	const keep = "It stays as a regression test; delete the file if it is of no use."
	switch {
	case differs == "" && s.changed():
		remark(t, "%s: it passes now, with the same history.\n%s\n%s So the checker or what the test asks for changed. %s", where, was, now, keep)
	case differs == "":
		t.Errorf("%s: the history is the saved one, and so is the code, but the verdict is not.\n%s\n%s\nWhat decided it is not deterministic.\n%s", where, was, now, out.rerun)
	case s.changed() && second.tried() && second.differs == "" && s.Repeats != savedrun.No:
		remark(t, "%s: it passes now, and 2 of 2 runs are alike; %s\n%s\n%s The code or the test changed since it was saved. %s", where, differs, was, now, keep)
	default:
		t.Errorf("%s: %s\n%s\n%s This does not show that the bug is gone.\nseed     %d\nrepeats  %s\nTo re-run:\n%s",
			where, out.note, was, now, s.Seed, out.repeats, out.rerun)
	}
}
