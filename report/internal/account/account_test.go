package account

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// TestFindingsWithoutACounterexample tells of code that panicked, hung or was left behind.
func TestFindingsWithoutACounterexample(t *testing.T) {
	for what, want := range map[string]string{
		"panic: index out of range":   "n1 panicked: index out of range.",
		"a handler hangs":             "n1: A handler hangs.",
		"a goroutine was left behind": "n1: A goroutine was left behind.",
	} {
		steps, _ := Of(Case{Checker: "no crash", Verdict: checker.Invalid, Findings: []Finding{{Host: "n1", What: what, At: time.Second}}})
		if assert.Len(t, steps, 1, what) {
			assert.Equal(t, want, steps[0].String())
			assert.True(t, steps[0].Decisive)
			assert.Equal(t, time.Second, steps[0].At)
		}
	}
}

// TestNoProgress names the node that answered no more.
func TestNoProgress(t *testing.T) {
	h := history.Of(
		history.Op{Time: time.Second, Process: 1, Node: "n1", Type: history.Invoke, Input: "read"},
		history.Op{Time: 2 * time.Second, Process: 1, Node: "n1", Type: history.OK, Output: 1},
		history.Op{Time: 4 * time.Second, Process: 1, Node: "n1", Type: history.Invoke, Input: "read"},
	)
	steps, kind := Of(Case{Checker: "progress", Reason: "no operation at n1 succeeded", Verdict: checker.Invalid, History: h, Faults: []Fault{{From: 1, To: 3 * time.Second, Name: "crash n1"}}})
	assert.Equal(t, "no progress", kind)
	assert.Equal(t, []string{"2.000s  n1 answered for the last time: 1 later call had no answer.", "3.000s  The last fault was healed: crash n1.", "No operation at n1 succeeded."},
		[]string{Instant(steps[0].At) + "  " + steps[0].String(), Instant(steps[1].At) + "  " + steps[1].String(), steps[2].String()})
}

// TestNothingIsSaidOfWhatIsNotKnown has no facts at all.
func TestNothingIsSaidOfWhatIsNotKnown(t *testing.T) {
	steps, _ := Of(Case{Verdict: checker.Invalid})
	assert.Empty(t, steps)
	steps, _ = Of(Case{Verdict: checker.Valid, Reason: "all is well"})
	assert.Empty(t, steps)
}

// TestLimitKeepsWhatIsDecisive leaves out the steps of the least weight.
func TestLimitKeepsWhatIsDecisive(t *testing.T) {
	var steps []Step
	for i := range 20 {
		steps = append(steps, Step{At: time.Duration(i), weight: i % 5, Decisive: i == 5})
	}
	got := limit(steps, Most)
	var kept []time.Duration
	for _, s := range got {
		kept = append(kept, s.At)
	}
	assert.Equal(t, []time.Duration{3, 4, 5, 8, 9, 14, 19}, kept)
}

func TestSides(t *testing.T) {
	a, b, ok := Sides("n1 n4 | n3 n5, n2 sees both")
	assert.True(t, ok)
	assert.Equal(t, []string{"n1", "n4"}, a)
	assert.Equal(t, []string{"n3", "n5"}, b)
	_, _, ok = Sides("crash n1")
	assert.False(t, ok)
	from, to, ok := Deaf("n4 ⇥ n1 n2")
	assert.True(t, ok)
	assert.Equal(t, "n4", from)
	assert.Equal(t, []string{"n1", "n2"}, to)
}
