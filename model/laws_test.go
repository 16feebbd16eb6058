package model_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/capsize-go/capsize/model"
)

// A domain has the inputs and outputs of which laws draws calls of a model. They are few, so that answers are often right.
type domain[In, Out any] struct {
	in  []In
	out []Out
}

// laws holds what a model says beside Step to Step. In a state that random calls of the domain lead to, for each of its calls: a
// pure call changes nothing, a call without an effect changes nothing if it is indeterminate, calls of one class are
// interchangeable, and an Access is what Step does.
func laws[S comparable, In, Out any](t *testing.T, m model.Model[S, In, Out], d domain[In, Out]) {
	t.Helper()
	t.Run(m.Name, func(t *testing.T) {
		checked := map[string]int{}
		rapid.Check(t, func(t *rapid.T) {
			s, classes := reach(t, m, d), map[string]result[S]{}
			for _, in := range d.in {
				for _, out := range d.out {
					holds(t, m, s, in, out, classes, checked)
				}
			}
		})
		for what, is := range map[string]bool{"pure": m.Pure != nil, "no effect": m.NoEffect != nil, "class": m.ClassKey != nil, "access": m.Access != nil} { // order: each by itself
			require.Equal(t, is, checked[what] > 0, "%s was checked %d times", what, checked[what])
		}
	})
}

// A result is what Step returns.
type result[S comparable] struct {
	next S
	ok   bool
}

// holds holds one call in one state to the laws. Classes has the result of the first call of each class in that state.
func holds[S comparable, In, Out any](t *rapid.T, m model.Model[S, In, Out], s S, in In, out Out, classes map[string]result[S], checked map[string]int) {
	next, ok := m.Step(s, in, out)
	again, okAgain := m.Step(s, in, out)
	require.Equal(t, result[S]{next, ok}, result[S]{again, okAgain}, "Step is a function")
	if ok && m.Pure != nil && m.Pure(in, out) {
		checked["pure"]++
		require.Equal(t, s, next, "a pure call changes nothing: %v, %v", in, out)
	}
	if m.NoEffect != nil && m.NoEffect(in) {
		checked["no effect"]++
		var none Out
		after, _ := m.Step(s, in, none)
		require.Equal(t, s, after, "a call without an effect changes nothing: %v", in)
	}
	if m.ClassKey != nil {
		class := string(m.ClassKey(nil, in, out))
		first, is := classes[class]
		if !is {
			first = result[S]{next, ok}
			classes[class] = first
		}
		checked["class"]++
		require.Equal(t, first.ok, ok, "calls of one class are right in the same states: %v, %v", in, out)
		if ok {
			require.Equal(t, first.next, next, "and lead to the same: %v, %v", in, out)
		}
	}
	access(t, m, s, in, out, result[S]{next, ok}, checked)
}

// access holds the Access of a call to Step: a read is right if the state is what it saw, a write leads to what it put.
func access[S comparable, In, Out any](t *rapid.T, m model.Model[S, In, Out], s S, in In, out Out, r result[S], checked map[string]int) {
	if m.Access == nil {
		return
	}
	a, is := m.Access(in, out, true)
	if !is {
		return
	}
	if m.Nothing != nil {
		if none, may := m.Nothing(m.Init); may && a.Reads && a.Saw == none { // what stands for init is right as well
			return
		}
	}
	checked["access"]++
	if a.Reads {
		require.Equal(t, s == a.Saw, r.ok, "a read is right if the state is what it saw: %v", a)
	}
	switch {
	case r.ok && a.Writes:
		require.Equal(t, a.Put, r.next, "a write leads to what it put: %v", a)
	case r.ok:
		require.Equal(t, s, r.next, "what writes nothing changes nothing: %v", a)
	}
}

// reach returns a state that some right calls lead to.
func reach[S comparable, In, Out any](t *rapid.T, m model.Model[S, In, Out], d domain[In, Out]) S {
	s := m.Init
	for _, in := range rapid.SliceOfN(rapid.SampledFrom(d.in), 0, 6).Draw(t, "calls before") {
		right := slices.DeleteFunc(slices.Clone(d.out), func(out Out) bool { _, ok := m.Step(s, in, out); return !ok })
		if len(right) > 0 {
			s, _ = m.Step(s, in, rapid.SampledFrom(right).Draw(t, "answer"))
		}
	}
	return s
}

// upTo3 are lists of the values 1 to 3, as sets and logs answer.
var upTo3 = [][]int{nil, {}, {1}, {2}, {1, 2}, {2, 1}, {1, 1}, {1, 2, 3}, {3}}

// TestLaws holds each model of this package to the laws. [model.UnorderedQueue] calls a dequeue without effect since no call
// observes what is left, which is more than a law of one step: the tests by brute force of checker/linearizable hold it to that.
func TestLaws(t *testing.T) {
	values := []int{model.Nil, 0, 1, 2, 3}
	registers := domain[model.RegisterOp, int]{out: values}
	for _, v := range []int{0, 1, 2} {
		registers.in = append(registers.in, model.RegisterOp{F: "write", Value: v}, model.RegisterOp{F: "cas", Old: v, Value: 2}, model.RegisterOp{F: "read"})
	}
	laws(t, model.Register(), registers)
	laws(t, model.CASRegister(0), registers)
	laws(t, model.KV(), domain[model.KVOp, string]{
		in:  []model.KVOp{{F: "get"}, {F: "put", Value: "a"}, {F: "put", Value: "b"}, {F: "append", Value: "a"}, {F: "cas", Old: "a", Value: "b"}, {F: "cas", Old: "b", Value: "b"}},
		out: []string{"", "a", "b", "aa", "ba"},
	})
	laws(t, model.Counter(), domain[model.CounterOp, int]{
		in: []model.CounterOp{{F: "read"}, {F: "add", Value: 1}, {F: "add"}, {F: "increment", Value: 1}, {F: "add", Value: -1}}, out: values,
	})
	laws(t, model.Set(), domain[model.SetOp, []int]{
		in: []model.SetOp{{F: "add", Value: 1}, {F: "add", Value: 2}, {F: "remove", Value: 1}, {F: "contains", Value: 1}, {F: "read"}}, out: upTo3,
	})
	laws(t, model.Log(), domain[model.LogOp, []int]{in: []model.LogOp{{F: "append", Value: 1}, {F: "append", Value: 2}, {F: "read"}}, out: upTo3})
	queued := domain[model.QueueOp, int]{in: []model.QueueOp{{F: "enqueue", Value: 1}, {F: "enqueue", Value: 2}, {F: "dequeue"}}, out: values}
	laws(t, model.FIFOQueue(), queued)
	laws(t, model.PriorityQueue(), queued)
	laws(t, model.Stack(), domain[model.StackOp, int]{in: []model.StackOp{{F: "push", Value: 1}, {F: "push", Value: 2}, {F: "pop"}}, out: values})
	locked := domain[model.LockOp, int]{out: values}
	for c := range 2 {
		locked.in = append(locked.in, model.LockOp{F: "acquire", Client: c}, model.LockOp{F: "release", Client: c})
	}
	laws(t, model.Mutex(), locked)
	laws(t, model.ReentrantLock(2), locked)
	laws(t, model.FencedLock(), locked)
	laws(t, model.Semaphore(2), locked)
}
