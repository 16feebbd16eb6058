package capsize

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/savedrun"
)

// An again is the outcome of running a seed a second time.
type again struct {
	second  *Result
	missing string // why it is not known; empty if the second run came to its end
	differs string // where the two runs differ; empty if they do not
	fresh   bool   // the second run was in a process of its own
	unfresh string // why it was not, if it was to be
	after   uint64 // the seed that went before it in that process; 0: none
}

// confirmed runs the seed of a run once more: in a process of its own if that can be.
func (x *runner) confirmed(ctx context.Context, t *testing.T, r *Result) again {
	if !canConfirm() {
		return x.again(ctx, t, r)
	}
	fresh := x.freshly(ctx, r, 0)
	if fresh.differs != "" && x.first != 0 && x.first != r.Seed {
		if warm := x.freshly(ctx, r, x.first); warm.tried() && warm.differs == "" {
			return warm
		}
	}
	if fresh.tried() {
		return fresh
	}
	a := x.again(ctx, t, r)
	a.unfresh = fresh.missing
	return a
}

// again runs the seed of a run once more, and compares.
func (x *runner) again(ctx context.Context, t *testing.T, r *Result) again {
	if r.Stopped != nil {
		return again{missing: "the run was cut short, so it was not tried"}
	}
	test := r.Test
	test.StopAt, test.Record = Breakpoint{}, r.Window(ctx)
	second, err := Exec(ctx, t, test)
	switch {
	case err != nil:
		return again{missing: err.Error()}
	case second.Stopped != nil:
		return again{missing: fmt.Sprintf("the second run was cut short: %v", second.Stopped)}
	}
	a := again{second: second, differs: r.Diff(second)}
	r.Adopt(second)
	if a.differs == "" && second.Verdict != r.Verdict {
		a.differs = fmt.Sprintf("the histories are alike, but the verdict was %v at first and then %v: %s", r.Verdict, second.Verdict, second.Reason)
	}
	if a.differs != "" {
		a.differs = fmt.Sprintf("Two runs of seed %d in this process are not alike (see CheckDeterminism): %s", r.Seed, a.differs)
	}
	return a
}

// tried reports whether it is known if the seed repeats.
func (a again) tried() bool { return a.missing == "" }

// word is the answer as it is saved.
func (a again) word() string {
	if a.differs == "" {
		return savedrun.Yes
	}
	return savedrun.No
}

// String says what was seen, on one line.
func (a again) String() string {
	switch {
	case !a.tried():
		return "not known: " + a.missing
	case a.differs == "" && a.after != 0:
		return fmt.Sprintf("2 of 2 runs alike, the second in a process of its own in which seed %d ran before; without that it is another run", a.after)
	case a.differs == "" && a.fresh:
		return "2 of 2 runs alike, the second in a process of its own"
	case a.differs == "" && a.unfresh != "":
		return "2 of 2 runs alike in this process; " + a.unfresh
	case a.differs == "":
		return "2 of 2 runs alike"
	}
	return "NO: a second run of this seed was another one"
}

// replay runs a saved failure again. It passes only if the run is valid now, and if
// that can be due to nothing but a change of the code: see docs/reference/determinism.md.
func (x *runner) replay(ctx context.Context, t *testing.T, s savedRun) {
	t.Helper()
	if s.Schedule != "" && !detrt.Active() {
		remark(t, "capsize: %s was found with the deterministic runtime of %s, and this program has none: it cannot be run again here, and nothing is said of it. Run\n%s",
			filepath.ToSlash(s.Dir), s.Runtime, strings.Replace(x.set.rerunTest(path.Join(x.name, x.key), s.ID), "go test", "capsize test", 1))
		return
	}
	if s.small != nil {
		x.replaySmall(ctx, t, s)
		return
	}
	if s.After != 0 {
		before := s.apply(x.test)
		before.Seed, before.Nemesis = s.After, x.test.Nemesis
		if _, err := Exec(ctx, t, before); err != nil {
			t.Fatalf("capsize: %v", err)
		}
	}
	r, err := Exec(ctx, t, s.apply(x.test))
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	out := shown{saved: s.Dir, id: s.ID, rerun: x.set.rerunTest(path.Join(x.name, x.key), s.ID)}
	if wasInterrupted(r) {
		x.show(t, r, out)
		return
	}
	saved, err := s.ReadHistory(s.Dir)
	differs := ""
	if err == nil {
		differs, err = firstDifference(saved, r)
	}
	if err != nil {
		t.Errorf("capsize: compare with the saved run: %v", err)
	}
	if saved.Damage != "" {
		remark(t, "capsize: %s: %s. Only the digests can be compared.", filepath.ToSlash(s.Dir), saved.Damage)
	}
	second := x.repeated(ctx, t, s, r, differs, &out)
	if !x.passes(r) {
		x.show(t, r, out)
		return
	}
	where := fmt.Sprintf("capsize: seed %d, saved in %s", s.Seed, filepath.ToSlash(s.Dir))
	verdict := fmt.Sprintf("It was %v: %s\nIt is %v now.", s.Verdict, s.Reason, r.Verdict)
	switch {
	case differs == "" && s.changed():
		remark(t, "%s: the history is the saved one. %s So the checker or what the test asks for changed. Delete the folder if that was wrong before.", where, verdict)
	case differs == "":
		t.Errorf("%s: the history is the saved one, and so is the code, but the verdict is not.\n%s\n"+
			"What decided it is not deterministic.\n%s", where, verdict, out.rerun)
	case s.changed() && second.tried() && second.differs == "" && s.Repeats != savedrun.No:
		remark(t, "%s: valid now, and 2 of 2 runs alike, but not the run that was saved: %s\n%s The code or the test changed since it was saved: "+
			"if that mended the bug, delete the folder; if not, this seed shows it no more.", where, differs, verdict)
	default:
		t.Errorf("%s: %s\n%s This does not show that the bug is gone.\nseed     %d\nrepeats  %s\nTo re-run:\n%s",
			where, out.note, verdict, s.Seed, out.repeats, out.rerun)
	}
}

// changed reports whether the code is known to have changed since the run was saved:
// it was saved by another test binary, or run.json was edited.
func (s savedRun) changed() bool {
	now := savedrun.Build()
	return s.edited() || s.Build != "" && now != "" && s.Build != now
}

// recordName is what texts call the file with the parameters.
func (s savedRun) recordName() string {
	if s.small != nil {
		return "the file"
	}
	return savedrun.File
}

// whyOther says why a run is not the one that was saved, as far as that can be known.
func (s savedRun) whyOther(second again) string {
	switch {
	case second.differs != "":
		return "The system, the workload or the test is not deterministic."
	case s.Runtime != "" && s.Runtime != detrt.Version():
		return fmt.Sprintf("It was saved with the runtime of %s, and this is that of %s: another version schedules goroutines in another way.", s.Runtime, detrt.Version())
	case s.edited():
		return s.recordName() + " was edited since it was saved."
	case s.Repeats == savedrun.No:
		return "When it was saved, it did not repeat either: the system was not deterministic then, and what was saved can't be repeated. Delete the folder."
	case s.changed():
		return "The test binary is another one than that which saved it: the code or the test changed since."
	case s.Build == "":
		return "It is not known whether the code changed since, as " + s.recordName() + " has no hash of the test binary. If it did not, the system is not deterministic: see CheckDeterminism."
	}
	return "The test binary is the very one that saved it, so the code did not change: the system, the workload or the test is not deterministic " +
		"from one process to the next (see CheckDeterminism and docs/reference/determinism.md), or depends on something outside of it, as the environment, a file or the clock."
}

// remark says something of a test that passes, where it is seen: go test shows what is
// logged with -v only.
func remark(t *testing.T, format string, args ...any) {
	t.Helper()
	text := fmt.Sprintf(format, args...)
	t.Log(text)
	if !testing.Verbose() {
		first, _, _ := strings.Cut(strings.TrimPrefix(text, "capsize: "), "\n")
		fmt.Fprintf(os.Stderr, "capsize: %s: %s (-v shows more)\n", t.Name(), strings.TrimSuffix(first, ":"))
	}
}
