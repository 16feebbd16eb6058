package capsize

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/savedrun"
)

// CheckDeterminism runs one seed of the test twice and fails t at the first line in which the two histories differ, or if a run
// was cut short. Every system deserves a test that calls it: a run that can't be repeated can't be debugged.
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
		if r.Stopped != nil {
			t.Fatalf("capsize: seed %d: run %d of 2 did not come to its end, so nothing can be said of determinism: %v%s",
				test.Seed, i+1, r.Stopped, findingsText(r))
		}
		runs[i] = r
	}
	if d := runs[0].Diff(runs[1]); d != "" {
		t.Errorf("capsize: seed %d is not deterministic: %s", test.Seed, d)
	}
}

// findingsText lists the findings of a run, each with its stack.
func findingsText(r *Result) string {
	var b strings.Builder
	for _, f := range r.Findings {
		b.WriteString("\n  ")
		if f.Host != "" {
			b.WriteString(f.Host + ": ")
		}
		b.WriteString(f.What)
		for line := range strings.Lines(f.Stack) {
			b.WriteString("\n    " + strings.TrimRight(line, "\n"))
		}
	}
	return b.String()
}

// causes is where to look when two runs of one seed differ.
const causes = "look for a select with two ready cases, a map iteration, a shared random source, " +
	"or two things due at the same instant"

// Diff says where two runs differ: the first line of their histories that does, or that only the traces of their clusters do. It
// prints both lines, exactly where their usual form is the same. It is empty if nothing differs.
func (r *Result) Diff(second *Result) string {
	for i := range min(r.History.Len(), second.History.Len()) {
		if x, y, same := apart(r.History.At(i), second.History.At(i)); !same {
			return joinLines(fmt.Sprintf("the histories differ from line %d on\n  first:  %s\n  second: %s", i+1, x, y), r.whyApart(second))
		}
	}
	if n, m := r.History.Len(), second.History.Len(); n != m {
		longer := r
		if m > n {
			longer = second
		}
		return fmt.Sprintf("one history has %d lines and the other %d; they are alike up to there, and the longer goes on\n  %v",
			n, m, longer.History.At(min(n, m)))
	}
	if r.Trace != second.Trace {
		return joinLines(fmt.Sprintf("the histories are alike, but what the nodes said to each other is not: traces %016x and %016x", r.Trace, second.Trace),
			r.Decisions.Diff(second.Decisions))
	}
	if d := r.Decisions.Diff(second.Decisions); d != "" {
		return "the histories are alike, but the goroutines took their turns in another order: " + d
	}
	return ""
}

// whyApart says where to look for why two histories differ.
func (r *Result) whyApart(second *Result) string {
	if d := r.Decisions.Diff(second.Decisions); d != "" {
		return d
	}
	return causes
}

// apart compares two ops, and returns texts of them that differ if they do: as people read them where that is enough, and else as
// a file has them, to the nanosecond.
func apart(x, y history.Op) (first, second string, same bool) {
	a, errA := history.AppendJSON(nil, x)
	b, errB := history.AppendJSON(nil, y)
	readableX, readableY := x.String(), y.String()
	if errA != nil || errB != nil { // some value has no JSON
		a, b = fmt.Appendf(nil, "%+v", x), fmt.Appendf(nil, "%+v", y)
	}
	if string(a) == string(b) {
		return "", "", true
	}
	if readableX == readableY {
		readableX, readableY = string(a), string(b)
	}
	first, second = savedrun.Apart(readableX, readableY)
	return first, second, false
}
