package capsize

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report"
)

// Run runs the test and fails t if a checker finds a history invalid, or can't
// tell. It prints the counter-example, writes a page that shows it, and keeps the
// failure under testdata/capsize: from then on Run tries that seed first, as a
// subtest, until somebody deletes it.
//
// The environment overrides what the test says: CAPSIZE_SEED, CAPSIZE_SEEDS,
// CAPSIZE_DURATION (as "60s") and CAPSIZE_REPORT, the folder for the pages.
//
// Only one run can be under way in a process, so tests that call Run can't be
// parallel with each other.
func Run(t *testing.T, test Test) {
	t.Helper()
	if test.Name == "" {
		test.Name = t.Name()
	}
	set, err := readSettings()
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	set.apply(&test)
	saved, err := savedFailures(t.Name())
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	for _, s := range saved {
		t.Run(s.ID, func(t *testing.T) {
			t.Helper()
			s.replay(t, test, set)
		})
	}
	if onlySaved(t.Name(), saved) {
		return
	}
	if test.Seed == 0 {
		test.Seed = freshSeed()
	}
	sweep(t, test, set)
}

// sweep tries the seeds until one decides the test.
func sweep(t *testing.T, test Test, set settings) {
	t.Helper()
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	defer stop()
	seeds := max(1, test.Seeds)
	for i := range seeds {
		one := test
		one.Seed, one.Seeds = test.Seed+uint64(i), 1
		r, err := Exec(ctx, t, one)
		if err != nil {
			t.Fatalf("capsize: %v", err)
		}
		if asExpected(r, test.Expect) {
			return // it shows what it was to show
		}
		if r.Verdict != checker.Valid {
			fail(t, r, set)
			return
		}
	}
	if test.Expect != checker.Valid {
		t.Errorf("capsize: all %d histories from seed %d on are valid, but this test is to show an %s one:\n"+
			"the bug is gone, or these runs do not reach it", seeds, test.Seed, test.Expect)
	}
}

// asExpected reports whether a run shows the bug that a test is to show: a history that
// breaks a rule, or an assertion that was broken. A run in which user code panicked,
// hung or leaked shows another.
func asExpected(r *Result, expect checker.Verdict) bool {
	return r.Verdict != checker.Valid && r.Verdict == expect && len(findingsOf(r.Findings, false)) == 0
}

// fail keeps a run that did not come out as expected, and reports it. One that was
// interrupted is reported only: it failed at nothing.
func fail(t *testing.T, r *Result, set settings) {
	t.Helper()
	if errors.Is(r.Stopped, errInterrupted) {
		show(t, r, set, "", rerunSeed(t.Name(), r.Seed))
		return
	}
	saved, err := save(r, t.Name())
	if err != nil {
		t.Errorf("capsize: save the failure: %v", err)
	}
	show(t, r, set, saved.Dir, rerunTest(t.Name(), saved.ID))
}

// show reports a run: its page goes to a folder, and its text to t, which fails.
func show(t *testing.T, r *Result, set settings, saved, rerun string) {
	t.Helper()
	page, err := r.Page(rerun)
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	page.SavedPath = saved
	if page.ReportPath, err = report.Write(set.reportDir(t, page.Digest[:8]), page); err != nil {
		t.Errorf("capsize: %v", err)
	}
	var b strings.Builder
	if err := report.Text(&b, page, report.Style{}); err != nil {
		t.Errorf("capsize: %v", err)
	}
	t.Errorf("%s", strings.TrimRight(b.String(), "\n"))
}

// CheckDeterminism runs one seed of the test twice and fails t at the first line
// in which the two histories differ. Every system deserves a test that calls it:
// a run that can't be repeated can't be debugged.
func CheckDeterminism(t *testing.T, test Test) {
	t.Helper()
	if test.Seed == 0 {
		test.Seed = 1
	}
	var runs [2]*Result
	for i := range runs {
		r, err := Exec(t.Context(), t, test)
		if err != nil {
			t.Fatalf("capsize: %v", err)
		}
		runs[i] = r
	}
	if d := Difference(runs[0], runs[1]); d != "" {
		t.Errorf("capsize: seed %d is not deterministic: %s", test.Seed, d)
	}
}

// Difference says where two runs differ: the first line of their histories that
// does, or that only the traces of their clusters do. It is empty if nothing does.
func Difference(a, b *Result) string {
	for i := range min(a.History.Len(), b.History.Len()) {
		x, y := a.History.At(i), b.History.At(i)
		if fmt.Sprint(x) != fmt.Sprint(y) || x.Time != y.Time {
			return fmt.Sprintf("the histories differ from line %d on\n  first:  %v\n  second: %v\n"+
				"look for a select with two ready cases, a map iteration, a shared random source, "+
				"or two things due at the same instant", i+1, x, y)
		}
	}
	if n, m := a.History.Len(), b.History.Len(); n != m {
		return fmt.Sprintf("one history has %d lines and the other %d; they are alike up to there", n, m)
	}
	if a.Trace != b.Trace {
		return fmt.Sprintf("the histories are alike, but what the nodes said to each other is not: traces %016x and %016x", a.Trace, b.Trace)
	}
	return ""
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
