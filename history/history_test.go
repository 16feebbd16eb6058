package history

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// stormy is a history with every kind of call and of fault.
func stormy() *History {
	return Of(
		Op{Time: 1, Process: 0, Node: "n1", Key: "x", Input: "a"},
		Op{Time: 2, Process: Nemesis, Key: "step 0", Input: "cut"},
		Op{Time: 3, Process: 1, Key: "x", Input: "b"},
		Op{Time: 4, Process: Nemesis, Key: "step 1", Input: "crash"},
		Op{Time: 5, Process: 0, Node: "n1", Type: OK, Key: "x", Output: 1},
		Op{Time: 6, Process: Nemesis, Type: OK, Key: "step 0"},
		Op{Time: 7, Process: 1, Type: Info, Key: "x", Err: "timed out"},
		Op{Time: 8, Process: 0, Node: "n1", Key: "y", Input: "c"},
		Op{Time: 9, Process: 2, Node: "n2", Key: "y", Input: "d"},
		Op{Time: 10, Process: 0, Type: Fail, Key: "y", Err: "no"},
	)
}

func TestCalls(t *testing.T) {
	type call struct {
		input    any
		end      Type
		returned int
		open     bool
	}
	var got []call
	for c := range stormy().Calls() {
		got = append(got, call{c.Invoke.Input, c.Complete.Type, c.Returned(), c.Open()})
	}
	assert.Equal(t, []call{
		{"a", OK, 4, false},
		{"b", Info, math.MaxInt, false},
		{"c", Fail, 9, false},
		{"d", Info, math.MaxInt, true},
	}, got)
}

func TestOpenCallEndsNever(t *testing.T) {
	all := slices.Collect(stormy().Calls())
	assert.Equal(t, Op{Index: -1, Time: Forever, Process: 2, Node: "n2", Type: Info, Key: "y"}, all[3].Complete)
}

func TestFaultsOverlap(t *testing.T) {
	all := slices.Collect(stormy().Faults())
	assert.Len(t, all, 2)
	assert.Equal(t, 5, all[0].Complete.Index)
	assert.True(t, all[1].Open())
	assert.Equal(t, "step 1", all[1].Complete.Key)
}

func TestCallsPassOverStrayCompletions(t *testing.T) {
	h := Of(Op{Type: OK}, Op{Type: Invoke}, Op{Type: OK}, Op{Type: OK})
	all := slices.Collect(h.Calls())
	assert.Len(t, all, 1)
	assert.Equal(t, 2, all[0].Complete.Index)
}

func TestIteratorsStop(t *testing.T) {
	for range stormy().Calls() {
		break
	}
	for range stormy().Faults() {
		break
	}
	for range stormy().Ops() {
		break
	}
}

func TestHistory(t *testing.T) {
	var h History
	assert.Zero(t, h.Len())
	assert.Zero(t, h.End())
	assert.Equal(t, Op{Index: 0, Time: 5, Process: 3}, h.Add(Op{Index: 9, Time: 5, Process: 3}))
	assert.Equal(t, 1, h.Add(Op{Time: 7}).Index)
	assert.Equal(t, 7*time.Nanosecond, h.End())
	assert.Equal(t, 2, h.Len())
	assert.Equal(t, 3, h.At(0).Process)

	c := h.Clone()
	c.Add(Op{})
	assert.Equal(t, 2, h.Len())
	assert.Equal(t, []Op{{Index: 0, Time: 5, Process: 3}, {Index: 1, Time: 7}}, slices.Collect(h.Ops()))
}

func TestOfCopies(t *testing.T) {
	ops := []Op{{Index: 7}, {Index: 7}}
	h := Of(ops...)
	assert.Equal(t, 7, ops[1].Index)
	assert.Equal(t, 1, h.At(1).Index)
}

func TestHistoryString(t *testing.T) {
	h := Of(
		Op{Time: 1500 * time.Millisecond, Process: 3, Node: "n1", Key: "x", Input: "read"},
		Op{Time: 1501 * time.Millisecond, Process: Nemesis, Key: "step 0", Input: "cut"},
		Op{Time: 1502 * time.Millisecond, Process: 3, Node: "n1", Type: OK, Key: "x", Output: 5},
		Op{Time: 1503 * time.Millisecond, Process: Nemesis, Type: Fail, Key: "step 0", Err: "no such node"},
	)
	assert.Equal(t, `    1.500s  process 3  n1   invoke  x read
    1.501s  nemesis         invoke  step 0 cut
    1.502s  process 3  n1   ok      x → 5
    1.503s  nemesis         fail    step 0  # no such node
`, h.String())
}
