package capsize

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/engine"
	"github.com/capsize-go/capsize/internal/gocommand"
	"github.com/capsize-go/capsize/internal/recorder"
	"github.com/capsize-go/capsize/internal/rundiff"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/index"
)

// Run runs the test and fails t if a checker finds a history invalid, or can't tell. It minimises an invalid run, see [Shrink],
// prints the counterexample of the small one, writes a page that shows it, and keeps it under testdata/capsize: from then on Run
// tries it first, as a subtest, until it is deleted. While a saved failure fails, no new seeds are tried. A saved run is
// compared with its history: see docs/reference/failures.md, and docs/reference/determinism.md for what happens when it differs.
//
// A test with more than one Run should give each a [Test.Name]: their failures are kept apart by it, or else by their order. One of a
// system that needs the deterministic runtime is skipped without it.
//
// The environment overrides what the test says: CAPSIZE_SEED, CAPSIZE_SEEDS,
// CAPSIZE_DURATION (as "60s"), CAPSIZE_SHRINK, how much processor time minimising may take (as "5s", "off" for none; 10s if it is not set), CAPSIZE_REPORT, the folder for the pages, and
// CAPSIZE_STOP_AT (as "22.4s" or "22.4s,wait"), the instant of virtual time to stop at; see
// [Breakpoint]. With -v the log lines before the counterexample and the metrics are printed. With
// CAPSIZE_SEED those seeds are tried even if a saved failure fails. Pages go to the
// test's artifacts under go test -artifacts, and else to capsize-report in the root of
// the module.
//
// One run can be under way in a process, so tests that call Run may be parallel, and
// wait for each other.
func Run(t *testing.T, test Test) {
	t.Helper()
	set, err := readSettings()
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	set.apply(&test)
	engine.NeedRuntime(t, test.System)
	want := wantedRun(t.Name())
	x := &runner{name: t.Name(), set: set, key: join(t, test.Name, want)}
	if test.Name == "" {
		test.Name = path.Join(t.Name(), x.key)
	}
	x.test = test
	if want.id != "" && want.key != x.key {
		return // -run asks for another Run of this test
	}
	if x.hunted(t) {
		return
	}
	x.recorder = x.newRecorder()
	defer x.closeRecorder(t)
	x.nameCutShort(t)
	ctx, stop := beforeDeadline(t)
	defer stop()
	ctx = recorder.NewContext(ctx, x.recorder)
	if err := warmUp(); err != nil {
		t.Fatalf("capsize: %v", err)
	}
	if x.spells(t) || x.confirms(ctx, t) || x.isCompared(ctx, t) {
		return
	}
	if x.replays(ctx, t, want) || !x.finishCutShort(ctx, t) {
		return
	}
	if x.test.Seed == 0 {
		x.test.Seed = freshSeed()
	}
	x.sweep(ctx, t)
}

// isCompared reports whether this process was started by "capsize test --diff", and runs the one seed for it, of which nothing else is
// kept.
func (x *runner) isCompared(ctx context.Context, t *testing.T) bool {
	t.Helper()
	if !rundiff.Wanted() {
		return false
	}
	if _, err := Exec(ctx, t, x.test); err != nil {
		t.Fatalf("capsize: %v", err)
	}
	return true
}

// A runner is one call of [Run].
//
// It has many methods because each thing that Run does with a run, as to save, repeat, minimise and report it, is one.
type runner struct {
	name string // of the Go test
	key  string // of this Run in it; empty for the first one without a name
	test Test
	set  settings
	kept bool // a failure of this Run is kept and failed again: no other one is

	first uint64 // the seed of the first run of the sweep

	recorder *recorder.Recorder // nil if nothing can be recorded
}

// replays runs the saved failures, or the one run that -run asks for. It reports
// whether that is all that there is to run.
func (x *runner) replays(ctx context.Context, t *testing.T, want wanted) (done bool) {
	t.Helper()
	saved, err := x.savedFailures()
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	for _, s := range saved {
		name := path.Join(x.key, s.ID)
		done = done || selects(x.name, name)
		passed := t.Run(name, func(t *testing.T) {
			t.Helper()
			x.replay(ctx, t, s)
		})
		x.kept = x.kept || !passed
	}
	if !done && want.id != "" {
		t.Run(path.Join(x.key, want.id), func(t *testing.T) {
			t.Helper()
			x.runUnsaved(ctx, t, want)
		})
		return true
	}
	return done || x.kept && x.set.seed == 0
}

// runUnsaved runs a failure that is saved elsewhere, by the seed in its name.
func (x *runner) runUnsaved(ctx context.Context, t *testing.T, want wanted) {
	t.Helper()
	if want.seed == 0 {
		t.Fatalf("capsize: %s is not saved here (in %s), and its name does not say its seed. The text of the failure does; run\n  %s",
			want.id, filepath.ToSlash(x.savedDir()), strings.Replace(x.set.rerunSeed(x.name, 0), "SEED=0", "SEED=…", 1))
	}
	one := x.test
	one.Seed, one.Seeds = want.seed, 1
	r, err := Exec(ctx, t, one)
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	rec, err := x.record(r)
	if err != nil {
		t.Errorf("capsize: %v", err)
	}
	other := ""
	if want.hash != "" && want.hash != rec.ID() {
		other = fmt.Sprintf("seed %d gives another run here than %s, which is not saved here, so it cannot be decided where they differ: "+
			"the code, the test's parameters or the environment are others, or the system is not deterministic (see CheckDeterminism)", want.seed, want.id)
	}
	switch {
	case !x.passes(r):
		x.fail(ctx, t, r, other)
	case other != "":
		t.Errorf("capsize: %s\nThe verdict of this run: %v", other, r.Verdict)
	default:
		t.Logf("capsize: seed %d: %v", want.seed, r.Verdict)
	}
}

// sweep tries the seeds until one decides the test.
func (x *runner) sweep(ctx context.Context, t *testing.T) {
	t.Helper()
	seeds := max(1, x.test.Seeds)
	x.first = x.test.Seed
	for i := range seeds {
		one := x.test
		one.Seed, one.Seeds = x.test.Seed+uint64(i), 1
		if ctx.Err() != nil {
			x.reportPart(ctx, t, i)
			return
		}
		r, err := Exec(ctx, t, one)
		if err != nil {
			t.Fatalf("capsize: %v", err)
		}
		if wasInterrupted(r) {
			x.reportPart(ctx, t, i)
		}
		if asExpected(r, x.test.Expect) {
			setAttributes(t, r.Seed, r.Verdict)
			x.logSmall(ctx, t, r)
			return // it shows what it was to show
		}
		if r.Verdict != checker.Valid {
			x.fail(ctx, t, r, "")
			return
		}
		r.Decisions.Forget()
	}
	setAttributes(t, x.first, checker.Valid)
	if x.test.Expect != checker.Valid {
		t.Errorf("capsize: all %d histories from seed %d on are valid, but this test is to show an %s one:\n"+
			"the bug is gone, or these runs do not reach it", seeds, x.test.Seed, x.test.Expect)
	}
}

// passes reports whether a single run of the test is none that fails it.
func (x *runner) passes(r *Result) bool {
	return r.Verdict == checker.Valid || asExpected(r, x.test.Expect)
}

// asExpected reports whether a run shows the bug that a test is to show: a history that
// breaks a rule, or an assertion that was broken. A run in which user code panicked,
// hung or leaked shows another.
func asExpected(r *Result, expect checker.Verdict) bool {
	return r.Verdict != checker.Valid && r.Verdict == expect && len(findingsOf(r.Findings, false)) == 0
}

// fail keeps a run that did not come out as expected, runs its seed again to see
// whether it repeats, minimises it, and reports the small run; the run itself if it can't be minimised. One that was interrupted is reported only: it
// failed at nothing. Note is what else is to be said.
func (x *runner) fail(ctx context.Context, t *testing.T, r *Result, note string) {
	t.Helper()
	if wasInterrupted(r) || r.Test.StopAt.At > 0 {
		x.show(t, r, shown{rerun: x.set.rerunSeed(x.name, r.Seed), note: note})
		return
	}
	s := savedRun{ID: fmt.Sprintf("seed-%d", r.Seed)}
	if !x.kept {
		var err error
		if s, err = x.save(r); err != nil {
			t.Errorf("capsize: save the failure: %v", err)
		}
	} else if rec, err := x.record(r); err == nil {
		s.ID = rec.Name()
	}
	again := x.confirmed(ctx, t, r)
	out := shown{
		saved: s.Dir, id: s.ID, rerun: x.set.rerunTest(path.Join(x.name, x.key), s.ID),
		repeats: again.String(), note: joinLines(note, again.differs),
	}
	small := x.smallerOf(ctx, t, r, again)
	if small.ok() && s.Dir != "" {
		if err := small.keep(ctx, x, s.Dir); err != nil {
			t.Errorf("capsize: %v", err)
			small.why = err.Error()
		}
	}
	if small.ok() {
		r = small.Result
		out.repeats, out.shrunk = small.second.String(), x.about(small.kept, small.How())
	} else if s.Dir != "" {
		if small.failed {
			out.note = joinLines(out.note, "It could not be made small: "+small.why)
		}
		s.Unshrunk = small.why
		if again.tried() {
			s.Repeats, s.After = again.word(), again.after
		}
		if err := s.Write(s.Dir, nil); err != nil {
			t.Errorf("capsize: save the failure: %v", err)
		}
	}
	x.show(t, r, out)
}

// shown is what is shown of a failure beside the run.
type shown struct {
	saved   string // folder where it is kept
	id      string // of that folder; empty for a run that is not kept
	rerun   string
	repeats string
	note    string
	shrunk  report.Shrunk // from what it was made, if it was minimised
}

// show reports a run: its page goes to a folder, and its text to t, which fails.
func (x *runner) show(t *testing.T, r *Result, s shown) {
	t.Helper()
	setAttributes(t, r.Seed, r.Verdict)
	page, err := r.Page(s.rerun)
	if err != nil {
		t.Errorf("capsize: %v", err)
	}
	page.Repeats, page.Note, page.Shrunk = s.repeats, s.note, s.shrunk
	if s.saved != "" {
		page.SavedPath = gocommand.FromRoot(s.saved)
	}
	dir, err := x.set.reportDir(t)
	if err == nil {
		if s.id == "" {
			s.id = fmt.Sprintf("seed-%d-%s", r.Seed, savedrun.ID(page.Digest, page.Params))
		}
		name := strings.ReplaceAll(path.Join(x.name, x.key), "/", "-") + "-" + s.id
		page.Index = "../" + index.File // keepData writes it
		page.ReportPath, err = report.WriteContext(t.Context(), filepath.Join(dir, name), page)
	}
	if err != nil {
		t.Errorf("capsize: there is no page of this failure: %v", err)
	} else {
		if err := r.keepData(page); err != nil {
			t.Errorf("capsize: %v", err)
		}
		page.ReportPath = gocommand.FromRoot(page.ReportPath)
	}
	var b strings.Builder
	if err := report.Text(&b, page, report.Style{Verbose: testing.Verbose()}); err != nil {
		t.Errorf("capsize: %v", err)
	}
	t.Errorf("%s", strings.TrimRight(b.String(), "\n"))
}

// joinLines joins the texts that say something.
func joinLines(texts ...string) string {
	var all []string
	for _, s := range texts {
		if s != "" {
			all = append(all, s)
		}
	}
	return strings.Join(all, "\n")
}

// Main runs f in a plain program, as from func main, with a t that [Exec] can
// use, and exits with the code that f returns.
func Main(f func(t *testing.T) int) {
	args := os.Args
	os.Args = args[:1] // what follows is not for package testing
	testing.Main(func(_, _ string) (bool, error) { return true, nil }, []testing.InternalTest{{
		Name: "capsize",
		F: func(t *testing.T) {
			os.Args = args
			os.Exit(f(t))
		},
	}}, nil, nil)
}
