package linearizable

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// A special is a history that is decided without a search.
type special struct {
	name  string
	calls []checkertest.Timed
	want  string // what the counterexample says; empty if the history is linearizable
	few   int    // its calls
}

// specials judges histories, and looks whether the search would have said the same.
func specials[S comparable, In, Out any](t *testing.T, m model.Model[S, In, Out], all []special) {
	slow := m
	slow.Decide, slow.Subkey = nil, nil
	for _, tt := range all {
		t.Run(tt.name, func(t *testing.T) {
			h := checkertest.Timeline(tt.calls...)
			s := search{View: view.Erase(m).Of(h)}
			parts, bad := s.Split()
			require.Nil(t, bad)
			_, quick := s.decideDirectly(parts[0].Spans)
			assert.True(t, quick, "it was searched")
			got := New(m).Check(t.Context(), h).Explain(t.Context())
			assert.Equal(t, New(slow).Check(t.Context(), h).Verdict, got.Verdict)
			if tt.want == "" {
				assert.Equal(t, checker.Valid, got.Verdict, got.Reason)
				return
			}
			require.Equal(t, checker.Invalid, got.Verdict)
			assert.Equal(t, tt.want, got.Counterexample.Reason)
			assert.Len(t, got.Counterexample.Calls, tt.few)
			fewest(t, m, h, got.Counterexample)
		})
	}
}

func TestCounterReasons(t *testing.T) {
	add, read := model.CounterOp{F: "add", Value: 2}, model.CounterOp{F: "read"}
	specials(t, model.Counter(), []special{
		{name: "lazy adds", calls: []checkertest.Timed{{From: 1, To: 9, In: add, Out: 0}, {From: 2, To: 8, In: add, Out: 0}, {From: 3, To: 4, In: read, Out: 2}, {From: 5, To: 6, In: read, Out: 4}}},
		{name: "an add of unknown outcome", calls: []checkertest.Timed{{From: 1, To: 0, In: add, Out: nil}, {From: 2, To: 3, In: read, Out: 0}, {From: 4, To: 5, In: read, Out: 2}}},
		{name: "delayed read", calls: []checkertest.Timed{{From: 1, To: 20, In: add, Out: 0}, {From: 2, To: 21, In: add, Out: 0}, {From: 3, To: 10, In: read, Out: 4}, {From: 5, To: 6, In: add, Out: 0}, {From: 11, To: 12, In: read, Out: 4}}},
		{"too much", []checkertest.Timed{{From: 1, To: 2, In: add, Out: 0}, {From: 3, To: 4, In: read, Out: 4}},
			"process 1 was answered read → 4, but what was added makes 2", 1},
		{"too little", []checkertest.Timed{{From: 1, To: 2, In: add, Out: 0}, {From: 3, To: 4, In: read, Out: 0}},
			"process 1 was answered read → 0, but what was added makes 2", 2},
		{"backwards", []checkertest.Timed{{From: 1, To: 20, In: add, Out: 0}, {From: 2, To: 3, In: read, Out: 2}, {From: 4, To: 5, In: read, Out: 0}},
			"process 2 was answered read → 0, but 2 had been read before that began", 2},
		{"between", []checkertest.Timed{{From: 1, To: 20, In: add, Out: 0}, {From: 2, To: 21, In: add, Out: 0}, {From: 3, To: 4, In: read, Out: 4}, {From: 5, To: 6, In: add, Out: 0}, {From: 7, To: 8, In: read, Out: 4}},
			"process 4 was answered read → 4, but more had been added by then", 5},
		{"odd", []checkertest.Timed{{From: 1, To: 2, In: add, Out: 0}, {From: 3, To: 20, In: add, Out: 0}, {From: 4, To: 5, In: read, Out: 3}},
			"process 2 was answered read → 3, but every add adds 2", 1},
	})
	down := model.CounterOp{F: "add", Value: -2}
	specials(t, model.Counter(), []special{
		{"below", []checkertest.Timed{{From: 1, To: 2, In: add, Out: 0}, {From: 3, To: 9, In: down, Out: 0}, {From: 4, To: 5, In: read, Out: -2}},
			"process 2 was answered read → -2, but what was added makes at least 0, and at most 2", 3},
		{"above", []checkertest.Timed{{From: 1, To: 2, In: down, Out: 0}, {From: 3, To: 9, In: add, Out: 0}, {From: 4, To: 5, In: read, Out: 2}},
			"process 2 was answered read → 2, but what was added makes at least -2, and at most 0", 3},
		{"falling", []checkertest.Timed{{From: 1, To: 20, In: down, Out: 0}, {From: 2, To: 3, In: read, Out: -2}, {From: 4, To: 5, In: read, Out: 0}},
			"process 2 was answered read → 0, but -2 had been read before that began", 2},
	})
}

func TestSetReasons(t *testing.T) {
	add := func(v int) model.SetOp { return model.SetOp{F: "add", Value: v} }
	read, contains := model.SetOp{F: "read"}, model.SetOp{F: "contains", Value: 1}
	specials(t, model.Set(), []special{
		{name: "growing", calls: []checkertest.Timed{{From: 1, To: 9, In: add(1), Out: nil}, {From: 2, To: 8, In: add(2), Out: nil}, {From: 3, To: 4, In: read, Out: []int{2}}, {From: 5, To: 6, In: read, Out: []int{1, 2}}}},
		{name: "added again", calls: []checkertest.Timed{{From: 1, To: 2, In: add(1), Out: nil}, {From: 3, To: 4, In: read, Out: []int{1}}, {From: 5, To: 6, In: add(1), Out: nil}, {From: 7, To: 8, In: read, Out: []int{1}}}},
		{"lost", []checkertest.Timed{{From: 1, To: 2, In: add(1), Out: nil}, {From: 3, To: 4, In: read, Out: []int{}}},
			"process 1 was answered read → [], which lacks an element that had been added before", 2},
		{"twice", []checkertest.Timed{{From: 1, To: 2, In: add(1), Out: nil}, {From: 3, To: 4, In: read, Out: []int{1, 1}}},
			"process 1 was answered read → [1 1], which shows an element twice", 1},
		{"from nowhere", []checkertest.Timed{{From: 1, To: 2, In: add(1), Out: nil}, {From: 3, To: 4, In: read, Out: []int{2, 1}}},
			"process 1 was answered read → [2 1], which shows an element that was never added", 1},
		{"in two orders", []checkertest.Timed{{From: 1, To: 9, In: add(1), Out: nil}, {From: 2, To: 8, In: add(2), Out: nil}, {From: 3, To: 7, In: read, Out: []int{1}}, {From: 4, To: 6, In: read, Out: []int{2}}},
			"process 3 was answered read → [2], but another read shows an element that this one lacks, and lacks one that this one shows", 4},
		{"in two orders, seen late", []checkertest.Timed{{From: 1, To: 20, In: add(1), Out: nil}, {From: 2, To: 21, In: add(2), Out: nil}, {From: 3, To: 22, In: add(3), Out: nil}, {From: 4, To: 7, In: read, Out: []int{1}}, {From: 5, To: 8, In: read, Out: []int{2, 3}}},
			"process 4 was answered read → [2 3], but another read shows an element that this one lacks, and lacks one that this one shows", 4},
		{"early", []checkertest.Timed{{From: 1, To: 2, In: read, Out: []int{1}}, {From: 3, To: 4, In: add(1), Out: nil}},
			"process 0 was answered read → [1], before any call began to add one of its elements", 2},
		{"gone", []checkertest.Timed{{From: 1, To: 20, In: add(1), Out: nil}, {From: 2, To: 3, In: read, Out: []int{1}}, {From: 4, To: 5, In: read, Out: []int{}}},
			"process 2 was answered read → [], though an element that it lacks had been seen before", 3},
		{"out of order", []checkertest.Timed{{From: 1, To: 2, In: add(1), Out: nil}, {From: 3, To: 4, In: add(2), Out: nil}, {From: 5, To: 7, In: read, Out: []int{1, 2}}, {From: 6, To: 8, In: read, Out: []int{2}}},
			"process 3 was answered read → [2], which lacks an element that had been added before", 2},
		{"overtaken", []checkertest.Timed{{From: 5, To: 9, In: read, Out: []int{2}}, {From: 1, To: 2, In: add(1), Out: nil}, {From: 3, To: 4, In: add(2), Out: nil}},
			"process 0 was answered read → [2], which lacks an element that had been added before", 2},
	})
	_, elements := decideElements(t, checkertest.Timed{From: 1, To: 2, In: contains, Out: []int{1}})
	assert.Equal(t, checker.Invalid, elements)
}

// decideElements judges one call on a set that no call reads as a whole.
func decideElements(t *testing.T, c checkertest.Timed) (string, checker.Verdict) {
	got := New(model.Set()).Check(t.Context(), checkertest.Timeline(c))
	return got.Reason, got.Verdict
}

func TestLogReasons(t *testing.T) {
	appended := func(v int) model.LogOp { return model.LogOp{F: "append", Value: v} }
	read := model.LogOp{F: "read"}
	specials(t, model.Log(), []special{
		{name: "prefixes", calls: []checkertest.Timed{{From: 1, To: 9, In: appended(1), Out: nil}, {From: 2, To: 8, In: appended(2), Out: nil}, {From: 3, To: 4, In: read, Out: []int{2}}, {From: 5, To: 6, In: read, Out: []int{2, 1}}}},
		{name: "offsets", calls: []checkertest.Timed{{From: 1, To: 2, In: appended(1), Out: []int{0}}, {From: 3, To: 4, In: appended(2), Out: []int{1}}, {From: 5, To: 6, In: read, Out: []int{1, 2}}}},
		{"wrong offset", []checkertest.Timed{{From: 1, To: 2, In: appended(1), Out: []int{1}}, {From: 3, To: 4, In: appended(2), Out: nil}, {From: 5, To: 6, In: read, Out: []int{1, 2}}},
			"process 0 was answered append 1 → offset 1, but a read shows it at another place, or something else in its place", 3},
		{"no offset", []checkertest.Timed{{From: 1, To: 2, In: appended(1), Out: []int{-1}}}, "process 0 was answered append 1 → offset -1, which is no offset", 1},
		{"lost", []checkertest.Timed{{From: 1, To: 2, In: appended(1), Out: nil}, {From: 3, To: 4, In: read, Out: []int{}}},
			"process 1 was answered read → [], which lacks a value that had been appended before", 2},
		{"twice", []checkertest.Timed{{From: 1, To: 2, In: appended(1), Out: nil}, {From: 3, To: 4, In: read, Out: []int{1, 1}}},
			"process 1 was answered read → [1 1], which shows a value twice", 1},
		{"from nowhere", []checkertest.Timed{{From: 1, To: 2, In: appended(1), Out: nil}, {From: 3, To: 4, In: read, Out: []int{1, 5}}},
			"process 1 was answered read → [1 5], which shows a value that was never appended", 1},
		{"another order", []checkertest.Timed{{From: 1, To: 20, In: appended(1), Out: nil}, {From: 2, To: 21, In: appended(2), Out: nil}, {From: 3, To: 4, In: read, Out: []int{1, 2}}, {From: 5, To: 6, In: read, Out: []int{2}}},
			"process 3 was answered read → [2], but another read shows another order", 4},
		{"shrunk", []checkertest.Timed{{From: 1, To: 20, In: appended(1), Out: nil}, {From: 3, To: 4, In: read, Out: []int{1}}, {From: 5, To: 6, In: read, Out: []int{}}},
			"process 2 was answered read → [], though more had been seen before", 3},
		{"early", []checkertest.Timed{{From: 1, To: 2, In: read, Out: []int{1}}, {From: 3, To: 4, In: appended(1), Out: nil}},
			"process 0 was answered read → [1], before any call began to append one of the values", 2},
		{"real time", []checkertest.Timed{{From: 1, To: 2, In: appended(1), Out: nil}, {From: 3, To: 4, In: appended(2), Out: nil}, {From: 5, To: 6, In: read, Out: []int{2, 1}}},
			"process 2 was answered read → [2 1], though a value that it shows behind another, or not at all, had been appended before that", 3},
	})
}

func TestQueueReasons(t *testing.T) {
	put := func(v int) model.QueueOp { return model.QueueOp{F: "enqueue", Value: v} }
	take := model.QueueOp{F: "dequeue"}
	specials(t, model.FIFOQueue(), []special{
		{name: "at the same time", calls: []checkertest.Timed{{From: 1, To: 9, In: put(1), Out: 0}, {From: 2, To: 8, In: put(2), Out: 0}, {From: 3, To: 4, In: take, Out: 2}, {From: 5, To: 6, In: take, Out: 1}, {From: 10, To: 11, In: take, Out: model.Nil}}},
		{name: "taken by one that never returned", calls: []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 5, To: 0, In: take, Out: nil}, {From: 6, To: 7, In: take, Out: 2}}},
		{"overtaken", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 5, To: 6, In: take, Out: 2}, {From: 7, To: 8, In: take, Out: 1}},
			"process 2 was answered dequeue → 2, though another was put there before it, and was taken later", 3},
		{"never taken", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 6, To: 7, In: take, Out: 2}, {From: 8, To: 0, In: take, Out: nil}},
			"process 2 was answered dequeue → 2, though another was put there before it, and was never taken", 3},
		{"one for two", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 5, To: 6, In: put(3), Out: 0}, {From: 7, To: 0, In: take, Out: nil}, {From: 8, To: 9, In: take, Out: 3}},
			"process 4 was answered dequeue → 3, though another was put there before it, and was never taken", 4},
		{"twice", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: take, Out: 1}, {From: 5, To: 6, In: take, Out: 1}},
			"process 2 was answered dequeue → 1, which another had taken", 3},
		{"from nowhere", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: take, Out: 5}}, "process 1 was answered dequeue → 5, which was never put there", 1},
		{"early", []checkertest.Timed{{From: 1, To: 2, In: take, Out: 1}, {From: 3, To: 4, In: put(1), Out: 0}},
			"process 0 was answered dequeue → 1, before any call began to put it there", 2},
		{"never empty", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 9, In: take, Out: model.Nil}, {From: 4, To: 5, In: put(2), Out: 0}, {From: 6, To: 11, In: take, Out: 1}, {From: 10, To: 12, In: take, Out: 2}},
			"process 1 was answered dequeue → empty, though there was always something there", 3},
	})
	specials(t, model.PriorityQueue(), []special{
		{name: "the smaller one came later", calls: []checkertest.Timed{{From: 1, To: 2, In: put(2), Out: 0}, {From: 3, To: 4, In: take, Out: 2}, {From: 5, To: 6, In: put(1), Out: 0}, {From: 7, To: 8, In: take, Out: 1}, {From: 9, To: 10, In: take, Out: model.Nil}}},
		{name: "at the same time", calls: []checkertest.Timed{{From: 1, To: 2, In: put(2), Out: 0}, {From: 3, To: 9, In: put(1), Out: 0}, {From: 4, To: 5, In: take, Out: 2}, {From: 6, To: 7, In: take, Out: 1}}},
		{name: "taken by one that never returned", calls: []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 5, To: 0, In: take, Out: nil}, {From: 6, To: 7, In: take, Out: 2}, {From: 8, To: 9, In: take, Out: model.Nil}}},
		{name: "each by another", calls: []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 5, To: 6, In: put(3), Out: 0}, {From: 7, To: 0, In: take, Out: nil}, {From: 8, To: 0, In: take, Out: nil}, {From: 9, To: 10, In: take, Out: 3}}},
		{"overtaken", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 5, To: 6, In: take, Out: 2}, {From: 7, To: 8, In: take, Out: 1}},
			"process 2 was answered dequeue → 2, though something smaller was there all the time", 3},
		{"two in turn", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(3), Out: 0}, {From: 5, To: 20, In: take, Out: 3}, {From: 6, To: 7, In: put(2), Out: 0}, {From: 8, To: 21, In: take, Out: 1}, {From: 22, To: 23, In: take, Out: 2}},
			"process 2 was answered dequeue → 3, though something smaller was there all the time", 4},
		{"too late", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 5, To: 6, In: take, Out: 2}, {From: 7, To: 0, In: take, Out: nil}},
			"process 2 was answered dequeue → 2, though something smaller was there all the time", 3},
		{"never empty", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 9, In: take, Out: model.Nil}, {From: 4, To: 5, In: put(2), Out: 0}, {From: 6, To: 11, In: take, Out: 1}, {From: 10, To: 12, In: take, Out: 2}},
			"process 1 was answered dequeue → empty, though there was always something there", 3},
	})
	specials(t, model.UniqueIDs(), []special{
		{name: "two", calls: []checkertest.Timed{{From: 1, To: 2, In: model.IDOp{F: "generate"}, Out: 1}, {From: 3, To: 4, In: model.IDOp{F: "generate"}, Out: 2}, {From: 5, To: 0, In: model.IDOp{F: "generate"}, Out: nil}}},
		{"twice", []checkertest.Timed{{From: 1, To: 2, In: model.IDOp{F: "generate"}, Out: 1}, {From: 3, To: 4, In: model.IDOp{F: "generate"}, Out: 1}},
			"process 1 was answered generate → 1, which had been given before", 2},
	})
}

func TestStackReasons(t *testing.T) {
	put := func(v int) model.StackOp { return model.StackOp{F: "push", Value: v} }
	take := model.StackOp{F: "pop"}
	specials(t, model.Stack(), []special{
		{name: "nested", calls: []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 5, To: 6, In: take, Out: 2}, {From: 7, To: 8, In: put(3), Out: 0}, {From: 9, To: 10, In: take, Out: 3}, {From: 11, To: 12, In: take, Out: 1}, {From: 13, To: 14, In: take, Out: model.Nil}}},
		{name: "at the same time", calls: []checkertest.Timed{{From: 1, To: 9, In: put(1), Out: 0}, {From: 2, To: 8, In: put(2), Out: 0}, {From: 3, To: 4, In: take, Out: 1}, {From: 5, To: 6, In: take, Out: 2}}},
		{name: "empty in between", calls: []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 6, In: take, Out: 1}, {From: 4, To: 9, In: take, Out: model.Nil}, {From: 5, To: 10, In: put(2), Out: 0}}},
		{name: "popped by one that never returned", calls: []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 5, To: 0, In: take, Out: nil}, {From: 6, To: 7, In: take, Out: 1}, {From: 8, To: 9, In: take, Out: model.Nil}}},
		{name: "each by another", calls: []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 5, To: 6, In: put(3), Out: 0}, {From: 7, To: 0, In: take, Out: nil}, {From: 8, To: 0, In: take, Out: nil}, {From: 9, To: 10, In: take, Out: 1}}},
		{"from below", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 5, To: 6, In: take, Out: 1}, {From: 7, To: 8, In: take, Out: 2}},
			"process 2 was answered pop → 1, though another was pushed on top of it, and was popped later", 3},
		{"never popped", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 5, To: 6, In: take, Out: 1}},
			"process 2 was answered pop → 1, though another was pushed on top of it, and was never popped", 3},
		{"too late", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 5, To: 6, In: take, Out: 1}, {From: 7, To: 0, In: take, Out: nil}},
			"process 2 was answered pop → 1, though another was pushed on top of it, and was never popped", 3},
		{"a chain", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: put(2), Out: 0}, {From: 5, To: 11, In: take, Out: 1}, {From: 7, To: 8, In: put(3), Out: 0}, {From: 9, To: 20, In: take, Out: 2}, {From: 12, To: 13, In: take, Out: 3}},
			"process 2 was answered pop → 1, though the stack was never empty from its push until another value was popped that was pushed later", 4},
		{"never empty", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 9, In: take, Out: model.Nil}, {From: 4, To: 5, In: put(2), Out: 0}, {From: 6, To: 11, In: take, Out: 1}, {From: 10, To: 12, In: take, Out: 2}},
			"process 1 was answered pop → empty, though there was always something there", 3},
		{"from nowhere", []checkertest.Timed{{From: 1, To: 2, In: put(1), Out: 0}, {From: 3, To: 4, In: take, Out: 5}}, "process 1 was answered pop → 5, which was never put there", 1},
	})
}

// TestSpecialsAgreeWithSearch compares what is decided without a search, on
// histories that are too long for an order of all calls to be tried.
func TestSpecialsAgreeWithSearch(t *testing.T) {
	specialsAgree(t, queueGenerator("fifo-queue", model.FIFOQueue(), true), "dequeue")
	specialsAgree(t, queueGenerator("priority-queue", model.PriorityQueue(), true), "dequeue")
	specialsAgree(t, stackGenerator(), "pop")
}

func specialsAgree[S comparable, In, Out any](t *testing.T, g generator[S, In, Out], take string) {
	t.Run(g.name, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		decided, hard, counts := 0, 0, map[bool]int{}
		total := sweep(t) / 10
		for range total {
			l := load{n: 20 + r.IntN(60), clients: 1 + r.IntN(5), unknown: 10 * r.IntN(3)}
			h, _ := g.random(r, l)
			h = swapped(r, h, take)
			s := search{View: view.Erase(g.m).Of(h)}
			s.memory = 64 << 20
			parts, _ := s.Split()
			found := s.searchOrder(parts[0].Spans)
			want := found.ok
			if found.err != nil {
				hard++
				continue
			}
			if d, ok := s.decideDirectly(parts[0].Spans); ok {
				require.Equal(t, want, d.ok, "%v", h)
				decided++
			}
			counts[want]++
		}
		t.Logf("%d histories, %d valid, %d invalid; decided without a search: %d; not searched to the end: %d", total, counts[true], counts[false], decided, hard)
		require.Less(t, hard, total/20+1)
		require.Greater(t, counts[true], total/20)
		require.Greater(t, counts[false], total/20)
		require.Greater(t, decided, total*8/10)
	})
}

// swapped exchanges the answers of two takes, in most histories, and in some of
// them forgets one.
func swapped(r *rand.Rand, h *history.History, take string) *history.History {
	ops := slices.Collect(h.Ops())
	var ends []int
	for c := range h.Calls() {
		if c.Complete.Type == history.OK && fmt.Sprint(c.Invoke.Input) == take {
			ends = append(ends, c.Complete.Index)
		}
	}
	for range r.IntN(3) {
		if i := r.IntN(len(ends) + 1); i+1 < len(ends) {
			a, b := &ops[ends[i]], &ops[ends[min(len(ends)-1, i+1+r.IntN(3))]]
			a.Output, b.Output = b.Output, a.Output
		}
	}
	if len(ends) > 0 && r.IntN(3) == 0 {
		o := &ops[ends[r.IntN(len(ends))]]
		o.Type, o.Output = history.Info, nil
	}
	return history.Of(ops...)
}
