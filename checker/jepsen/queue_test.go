package jepsen

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// A badQueue loses elements, hands them out twice, and makes them up, each once in so
// many times; 0 is never. Elements may be enqueued more than once.
type badQueue struct{ lose, twice, invent int }

func (b badQueue) run(r *rand.Rand) *history.History {
	var all []int
	one := func(in int) bool { return in > 0 && r.IntN(in) == 0 }
	return fakeSystem{
		ask: func(r *rand.Rand, n int) (string, any) {
			switch r.IntN(5) {
			case 0, 1:
				return "dequeue", nil
			case 2:
				return "drain", nil
			}
			return "enqueue", r.IntN(n + 2)
		},
		do: func(r *rand.Rand, f string, v any) any {
			switch {
			case f == "enqueue" && one(b.lose):
				return nil
			case f == "enqueue":
				all = append(all, v.(int))
				return nil
			case f == "drain":
				out := append([]int{}, all...)
				if all = nil; len(out) > 0 && one(b.twice) {
					all = out[:1:1]
				}
				return out
			case len(all) == 0 || one(b.invent):
				return -1 - r.IntN(2) // fake.run makes no failures of this, so it stands for one
			}
			out := all[0]
			if !one(b.twice) {
				all = all[1:]
			}
			return out
		},
		final: "drain",
	}.run(r, 2+r.IntN(14), 1+r.IntN(4))
}

// withoutNothing makes failures of the dequeues that found nothing.
func withoutNothing(run func(r *rand.Rand) *history.History) func(r *rand.Rand) *history.History {
	return func(r *rand.Rand) *history.History {
		var ops []history.Op
		for op := range run(r).Ops() {
			out := op.Output
			if op, ok := out.(history.JepsenOp); ok {
				out = op.Value
			}
			if n, ok := out.(int); ok && op.Type == history.OK && n == -1 {
				op.Type, op.Output = history.Fail, nil
			}
			ops = append(ops, op)
		}
		return history.Of(ops...)
	}
}

// outs returns what a call took.
func (c definedCall) outs() []int {
	switch out := c.out.(type) {
	case []int:
		return out
	case int:
		if c.f == "dequeue" {
			return []int{out}
		}
	}
	return nil
}

func TestQueueSourcesAgreesWithItsDefinition(t *testing.T) {
	compareFindings(t, withoutNothing(badQueue{8, 8, 20}.run), QueueSources(), func(h *history.History) map[string]int {
		calls := definedCalls(h)
		slices.SortFunc(calls, func(a, b definedCall) int { return a.end - b.end })
		var before []int
		wrong := 0
		for _, c := range calls {
			for _, v := range c.outs() {
				before = append(before, v)
				taken := checkertest.CountOf(before, func(x int) bool { return x == v })
				if taken > checkertest.CountOf(calls, func(e definedCall) bool { return e.f == "enqueue" && e.v == v && !e.fail && e.inv < c.end }) {
					wrong++
				}
			}
		}
		return map[string]int{"dequeued without an enqueue": wrong}
	})
}

func TestQueueSourcesOfAGoodQueue(t *testing.T) {
	neverWrong(t, goodQueue, QueueSources())
}

// goodQueue finds nothing, and says so, where a fake makes something up.
func goodQueue(r *rand.Rand) *history.History {
	for {
		h := withoutNothing(badQueue{}.run)(r)
		if !slices.ContainsFunc(definedCalls(h), func(c definedCall) bool { return slices.Contains(c.outs(), -2) }) {
			return h
		}
	}
}

func defineTotalQueue(h *history.History) map[string]int {
	calls := definedCalls(h)
	n := map[string]int{"lost": 0, "duplicated": 0, "unexpected": 0, "revived": 0, "recovered": 0, "ok": 0, "acknowledged too late to tell": 0}
	lastTake := -1
	for _, c := range calls {
		if c.f != "enqueue" && (c.ok || c.fail) {
			lastTake = max(lastTake, c.inv)
		}
	}
	for v := -3; v < 20; v++ {
		asked := checkertest.CountOf(calls, func(c definedCall) bool { return c.f == "enqueue" && c.v == v && !c.fail })
		acked := checkertest.CountOf(calls, func(c definedCall) bool { return c.f == "enqueue" && c.v == v && c.ok })
		failed := checkertest.CountOf(calls, func(c definedCall) bool { return c.f == "enqueue" && c.v == v && c.fail })
		late := checkertest.CountOf(calls, func(c definedCall) bool { return c.f == "enqueue" && c.v == v && c.ok && c.end > lastTake })
		out := 0
		for _, c := range calls {
			out += checkertest.CountOf(c.outs(), func(x int) bool { return x == v })
		}
		n["ok"] += min(out, asked)
		n["recovered"] += max(0, min(out, asked)-acked)
		switch {
		case out < acked && late > 0:
			n["acknowledged too late to tell"]++
		case out < acked:
			n["lost"] += acked - out
		case out > asked && asked > 0:
			n["duplicated"] += out - asked
		case out > asked && failed > 0:
			n["revived"]++
		case out > asked:
			n["unexpected"]++
		}
	}
	return n
}

func TestTotalQueueAgreesWithItsDefinition(t *testing.T) {
	run := withoutNothing(badQueue{8, 8, 20}.run)
	t.Run("at least once", func(t *testing.T) { compareFindings(t, run, TotalQueue(false), defineTotalQueue) })
	t.Run("once", func(t *testing.T) { compareFindings(t, run, TotalQueue(true), defineTotalQueue) })
}

func TestTotalQueueOfAGoodQueue(t *testing.T) { neverWrong(t, goodQueue, TotalQueue(true)) }

// An indeterminate dequeue may have taken what is missing.
func TestTotalQueueUnknownDequeue(t *testing.T) {
	h := history.Of(
		history.Op{Process: 0, Type: history.Invoke, Input: checkertest.Ask{F: "enqueue", Value: 1}},
		history.Op{Process: 0, Type: history.OK},
		history.Op{Process: 1, Type: history.Invoke, Input: checkertest.Ask{F: "dequeue"}},
		history.Op{Process: 2, Type: history.Invoke, Input: checkertest.Ask{F: "drain"}},
		history.Op{Process: 2, Type: history.OK, Output: []int{}},
	)
	r := TotalQueue(true).Check(t.Context(), h)
	require.Equal(t, checker.Unknown, r.Verdict)
	require.Contains(t, r.Reason, "1 element did not come out, but 1 indeterminate dequeue may have taken")

	h = history.Of(slices.Collect(h.Ops())[:2]...)
	r = TotalQueue(true).Check(t.Context(), h)
	require.Equal(t, checker.Unknown, r.Verdict)
	require.Contains(t, r.Reason, "no dequeue was invoked after")
}

// A dequeue that found nothing took nothing, whichever way it says so.
func TestQueueThatIsEmpty(t *testing.T) {
	for _, nothing := range []any{nil, model.Nil} {
		h := history.Of(
			history.Op{Type: history.Invoke, Input: checkertest.Ask{F: "dequeue"}},
			history.Op{Type: history.OK, Output: nothing},
		)
		require.Equal(t, "0 enqueued", QueueSources().Check(t.Context(), h).Reason)
		require.Equal(t, checker.Valid, TotalQueue(true).Check(t.Context(), h).Verdict)
	}
}
