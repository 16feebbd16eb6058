package report

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/model"
)

// TestHeadlines has one check that is not valid, and two, with words of their own and without.
func TestHeadlines(t *testing.T) {
	type c = checker.Result
	lin := c{Checker: "linearizable", Broken: "not linearizable", Undecided: "linearizability could not be judged"}
	crash := c{Checker: "no crash", Broken: "n2 panicked"}
	faults := c{Checker: "faults took effect", Undecided: "no fault had an effect"}
	own := c{Checker: "my rule"}
	progress := c{Checker: "progress", Broken: "no progress after the faults"}
	for _, tc := range []struct {
		verdict checker.Verdict
		checks  []c
		want    string
	}{
		{checker.Invalid, []c{lin}, "not linearizable"},
		{checker.Invalid, []c{crash}, "n2 panicked"},
		{checker.Invalid, []c{own}, "my rule violated"},
		{checker.Invalid, []c{lin, crash}, "not linearizable; and n2 panicked"},
		{checker.Invalid, []c{lin, lin}, "not linearizable"},
		{checker.Invalid, []c{lin, progress, crash}, "not linearizable; no progress after the faults; and n2 panicked"},
		{checker.Unknown, []c{lin}, "unknown: linearizability could not be judged"},
		{checker.Unknown, []c{own}, "unknown: my rule could not be judged"},
		{checker.Unknown, []c{faults}, "unknown: no fault had an effect"},
		{checker.Unknown, []c{progress, {Checker: "convergence"}}, "unknown: progress and convergence could not be judged"},
		{checker.Unknown, []c{lin, faults}, "unknown: no fault had an effect; linearizability could not be judged"},
	} {
		run := Run{Verdict: tc.verdict}
		for _, check := range tc.checks {
			check.Verdict = tc.verdict
			run.Checks = append(run.Checks, check)
		}
		assert.Equal(t, tc.want, verdictLine(run))
		run.Expect = tc.verdict
		assert.Equal(t, tc.want+" (expected)", verdictLine(run))
	}
}

// A headline does not say twice that a node panicked.
func TestUnrepeated(t *testing.T) {
	assert.Equal(t, "boom", unrepeated("n2 panicked", "n2: panic: boom"))
	assert.Equal(t, "main.work waits", unrepeated("n2 hung", "n2: hangs: main.work waits"))
	assert.Equal(t, "n3: panic: boom", unrepeated("n2 panicked", "n3: panic: boom"))
	assert.Equal(t, "process 1 read 3", unrepeated("not linearizable", "process 1 read 3"))
}

// TestNilIsNil prints what stands for nothing.
func TestNilIsNil(t *testing.T) {
	assert.Equal(t, "nil", plain(model.Nil))
	assert.Equal(t, "[1,nil]", plain([]int{1, model.Nil}))
}
