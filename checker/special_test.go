package checker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/history"
)

// A special is a history that is decided without a search.
type special struct {
	name  string
	calls []timed
	want  string // what the counter-example says; empty if the history is linearizable
	few   int    // its calls
}

// specials judges histories, and looks whether the search would have said the same.
func specials[S comparable, In, Out any](t *testing.T, m Model[S, In, Out], all []special) {
	slow := m
	slow.special, slow.finer = nil, nil
	for _, tt := range all {
		t.Run(tt.name, func(t *testing.T) {
			h := timeline(tt.calls...)
			s := search{source: erase(m).of(h)}
			parts, bad := s.split()
			require.Nil(t, bad)
			_, quick := s.quick(parts[0].spans)
			assert.True(t, quick, "it was searched")
			got := Linearizable(m).Check(t.Context(), h).Explain(t.Context())
			assert.Equal(t, Linearizable(slow).Check(t.Context(), h).Verdict, got.Verdict)
			if tt.want == "" {
				assert.Equal(t, Valid, got.Verdict, got.Reason)
				return
			}
			require.Equal(t, Invalid, got.Verdict)
			assert.Equal(t, tt.want, got.Why.Reason)
			assert.Len(t, got.Why.Calls, tt.few)
			fewest(t, m, h, got.Why)
		})
	}
}

func TestCounterReasons(t *testing.T) {
	add, read := CounterOp{F: "add", Value: 2}, CounterOp{F: "read"}
	specials(t, CounterModel(), []special{
		{name: "lazy adds", calls: []timed{{1, 9, add, 0}, {2, 8, add, 0}, {3, 4, read, 2}, {5, 6, read, 4}}},
		{name: "an add of unknown outcome", calls: []timed{{1, 0, add, nil}, {2, 3, read, 0}, {4, 5, read, 2}}},
		{name: "delayed read", calls: []timed{{1, 20, add, 0}, {2, 21, add, 0}, {3, 10, read, 4}, {5, 6, add, 0}, {11, 12, read, 4}}},
		{"too much", []timed{{1, 2, add, 0}, {3, 4, read, 4}},
			"process 1 was answered read → 4, but what was added makes 2", 1},
		{"too little", []timed{{1, 2, add, 0}, {3, 4, read, 0}},
			"process 1 was answered read → 0, but what was added makes 2", 2},
		{"backwards", []timed{{1, 20, add, 0}, {2, 3, read, 2}, {4, 5, read, 0}},
			"process 2 was answered read → 0, but 2 had been read before that began", 2},
		{"between", []timed{{1, 20, add, 0}, {2, 21, add, 0}, {3, 4, read, 4}, {5, 6, add, 0}, {7, 8, read, 4}},
			"process 4 was answered read → 4, but more had been added by then", 5},
		{"odd", []timed{{1, 2, add, 0}, {3, 20, add, 0}, {4, 5, read, 3}},
			"process 2 was answered read → 3, but every add adds 2", 1},
	})
	down := CounterOp{F: "add", Value: -2}
	specials(t, CounterModel(), []special{
		{"below", []timed{{1, 2, add, 0}, {3, 9, down, 0}, {4, 5, read, -2}},
			"process 2 was answered read → -2, but what was added makes at least 0, and at most 2", 3},
		{"above", []timed{{1, 2, down, 0}, {3, 9, add, 0}, {4, 5, read, 2}},
			"process 2 was answered read → 2, but what was added makes at least -2, and at most 0", 3},
		{"falling", []timed{{1, 20, down, 0}, {2, 3, read, -2}, {4, 5, read, 0}},
			"process 2 was answered read → 0, but -2 had been read before that began", 2},
	})
}

func TestSetReasons(t *testing.T) {
	add := func(v int) SetOp { return SetOp{F: "add", Value: v} }
	read, contains := SetOp{F: "read"}, SetOp{F: "contains", Value: 1}
	specials(t, SetModel(), []special{
		{name: "growing", calls: []timed{{1, 9, add(1), nil}, {2, 8, add(2), nil}, {3, 4, read, []int{2}}, {5, 6, read, []int{1, 2}}}},
		{name: "added again", calls: []timed{{1, 2, add(1), nil}, {3, 4, read, []int{1}}, {5, 6, add(1), nil}, {7, 8, read, []int{1}}}},
		{"lost", []timed{{1, 2, add(1), nil}, {3, 4, read, []int{}}},
			"process 1 was answered read → [], which lacks an element that had been added before", 2},
		{"twice", []timed{{1, 2, add(1), nil}, {3, 4, read, []int{1, 1}}},
			"process 1 was answered read → [1 1], which shows an element twice", 1},
		{"from nowhere", []timed{{1, 2, add(1), nil}, {3, 4, read, []int{2, 1}}},
			"process 1 was answered read → [2 1], which shows what nobody added", 1},
		{"in two orders", []timed{{1, 9, add(1), nil}, {2, 8, add(2), nil}, {3, 7, read, []int{1}}, {4, 6, read, []int{2}}},
			"process 3 was answered read → [2], but another read shows an element that this one lacks, and lacks one that this one shows", 4},
		{"in two orders, seen late", []timed{{1, 20, add(1), nil}, {2, 21, add(2), nil}, {3, 22, add(3), nil}, {4, 7, read, []int{1}}, {5, 8, read, []int{2, 3}}},
			"process 4 was answered read → [2 3], but another read shows an element that this one lacks, and lacks one that this one shows", 4},
		{"early", []timed{{1, 2, read, []int{1}}, {3, 4, add(1), nil}},
			"process 0 was answered read → [1], before anybody began to add one of its elements", 2},
		{"gone", []timed{{1, 20, add(1), nil}, {2, 3, read, []int{1}}, {4, 5, read, []int{}}},
			"process 2 was answered read → [], though an element that it lacks had been seen before", 3},
		{"out of order", []timed{{1, 2, add(1), nil}, {3, 4, add(2), nil}, {5, 7, read, []int{1, 2}}, {6, 8, read, []int{2}}},
			"process 3 was answered read → [2], which lacks an element that had been added before", 2},
		{"overtaken", []timed{{5, 9, read, []int{2}}, {1, 2, add(1), nil}, {3, 4, add(2), nil}},
			"process 0 was answered read → [2], which lacks an element that had been added before", 2},
	})
	_, elements := decideElements(t, timed{1, 2, contains, []int{1}})
	assert.Equal(t, Invalid, elements)
}

// decideElements judges one call on a set that nobody reads as a whole.
func decideElements(t *testing.T, c timed) (string, Verdict) {
	got := Linearizable(SetModel()).Check(t.Context(), timeline(c))
	return got.Reason, got.Verdict
}

func TestLogReasons(t *testing.T) {
	appended := func(v int) LogOp { return LogOp{F: "append", Value: v} }
	read := LogOp{F: "read"}
	specials(t, Log(), []special{
		{name: "prefixes", calls: []timed{{1, 9, appended(1), nil}, {2, 8, appended(2), nil}, {3, 4, read, []int{2}}, {5, 6, read, []int{2, 1}}}},
		{name: "offsets", calls: []timed{{1, 2, appended(1), []int{0}}, {3, 4, appended(2), []int{1}}, {5, 6, read, []int{1, 2}}}},
		{"wrong offset", []timed{{1, 2, appended(1), []int{1}}, {3, 4, appended(2), nil}, {5, 6, read, []int{1, 2}}},
			"process 0 was answered append 1 → offset 1, but a read shows it at another place, or something else in its place", 3},
		{"no offset", []timed{{1, 2, appended(1), []int{-1}}}, "process 0 was answered append 1 → offset -1, which is no offset", 1},
		{"lost", []timed{{1, 2, appended(1), nil}, {3, 4, read, []int{}}},
			"process 1 was answered read → [], which lacks a value that had been appended before", 2},
		{"twice", []timed{{1, 2, appended(1), nil}, {3, 4, read, []int{1, 1}}},
			"process 1 was answered read → [1 1], which shows a value twice", 1},
		{"from nowhere", []timed{{1, 2, appended(1), nil}, {3, 4, read, []int{1, 5}}},
			"process 1 was answered read → [1 5], which shows what nobody appended", 1},
		{"another order", []timed{{1, 20, appended(1), nil}, {2, 21, appended(2), nil}, {3, 4, read, []int{1, 2}}, {5, 6, read, []int{2}}},
			"process 3 was answered read → [2], but another read shows another order", 4},
		{"shrunk", []timed{{1, 20, appended(1), nil}, {3, 4, read, []int{1}}, {5, 6, read, []int{}}},
			"process 2 was answered read → [], though more had been seen before", 3},
		{"early", []timed{{1, 2, read, []int{1}}, {3, 4, appended(1), nil}},
			"process 0 was answered read → [1], before anybody began to append one of the values", 2},
		{"real time", []timed{{1, 2, appended(1), nil}, {3, 4, appended(2), nil}, {5, 6, read, []int{2, 1}}},
			"process 2 was answered read → [2 1], though a value that it shows behind another, or not at all, had been appended before that", 3},
	})
}

func TestQueueReasons(t *testing.T) {
	put := func(v int) QueueOp { return QueueOp{F: "enqueue", Value: v} }
	take := QueueOp{F: "dequeue"}
	specials(t, FIFOQueue(), []special{
		{name: "at the same time", calls: []timed{{1, 9, put(1), 0}, {2, 8, put(2), 0}, {3, 4, take, 2}, {5, 6, take, 1}, {10, 11, take, Nil}}},
		{name: "taken by one that never returned", calls: []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {5, 0, take, nil}, {6, 7, take, 2}}},
		{"overtaken", []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {5, 6, take, 2}, {7, 8, take, 1}},
			"process 2 was answered dequeue → 2, though another was put there before it, and was taken later", 3},
		{"never taken", []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {6, 7, take, 2}, {8, 0, take, nil}},
			"process 2 was answered dequeue → 2, though another was put there before it, and was never taken", 3},
		{"one for two", []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {5, 6, put(3), 0}, {7, 0, take, nil}, {8, 9, take, 3}},
			"process 4 was answered dequeue → 3, though another was put there before it, and was never taken", 4},
		{"twice", []timed{{1, 2, put(1), 0}, {3, 4, take, 1}, {5, 6, take, 1}},
			"process 2 was answered dequeue → 1, which another had taken", 3},
		{"from nowhere", []timed{{1, 2, put(1), 0}, {3, 4, take, 5}}, "process 1 was answered dequeue → 5, which nobody put there", 1},
		{"early", []timed{{1, 2, take, 1}, {3, 4, put(1), 0}},
			"process 0 was answered dequeue → 1, before anybody began to put it there", 2},
		{"never empty", []timed{{1, 2, put(1), 0}, {3, 9, take, Nil}, {4, 5, put(2), 0}, {6, 11, take, 1}, {10, 12, take, 2}},
			"process 1 was answered dequeue → empty, though there was always something there", 3},
	})
	specials(t, PriorityQueue(), []special{
		{name: "the smaller one came later", calls: []timed{{1, 2, put(2), 0}, {3, 4, take, 2}, {5, 6, put(1), 0}, {7, 8, take, 1}, {9, 10, take, Nil}}},
		{name: "at the same time", calls: []timed{{1, 2, put(2), 0}, {3, 9, put(1), 0}, {4, 5, take, 2}, {6, 7, take, 1}}},
		{name: "taken by one that never returned", calls: []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {5, 0, take, nil}, {6, 7, take, 2}, {8, 9, take, Nil}}},
		{name: "each by another", calls: []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {5, 6, put(3), 0}, {7, 0, take, nil}, {8, 0, take, nil}, {9, 10, take, 3}}},
		{"overtaken", []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {5, 6, take, 2}, {7, 8, take, 1}},
			"process 2 was answered dequeue → 2, though something smaller was there all the time", 3},
		{"two in turn", []timed{{1, 2, put(1), 0}, {3, 4, put(3), 0}, {5, 20, take, 3}, {6, 7, put(2), 0}, {8, 21, take, 1}, {22, 23, take, 2}},
			"process 2 was answered dequeue → 3, though something smaller was there all the time", 4},
		{"too late", []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {5, 6, take, 2}, {7, 0, take, nil}},
			"process 2 was answered dequeue → 2, though something smaller was there all the time", 3},
		{"never empty", []timed{{1, 2, put(1), 0}, {3, 9, take, Nil}, {4, 5, put(2), 0}, {6, 11, take, 1}, {10, 12, take, 2}},
			"process 1 was answered dequeue → empty, though there was always something there", 3},
	})
	specials(t, UniqueIDs(), []special{
		{name: "two", calls: []timed{{1, 2, IDOp{F: "generate"}, 1}, {3, 4, IDOp{F: "generate"}, 2}, {5, 0, IDOp{F: "generate"}, nil}}},
		{"twice", []timed{{1, 2, IDOp{F: "generate"}, 1}, {3, 4, IDOp{F: "generate"}, 1}},
			"process 1 was answered generate → 1, which had been given before", 2},
	})
}

func TestStackReasons(t *testing.T) {
	put := func(v int) StackOp { return StackOp{F: "push", Value: v} }
	take := StackOp{F: "pop"}
	specials(t, Stack(), []special{
		{name: "nested", calls: []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {5, 6, take, 2}, {7, 8, put(3), 0}, {9, 10, take, 3}, {11, 12, take, 1}, {13, 14, take, Nil}}},
		{name: "at the same time", calls: []timed{{1, 9, put(1), 0}, {2, 8, put(2), 0}, {3, 4, take, 1}, {5, 6, take, 2}}},
		{name: "empty in between", calls: []timed{{1, 2, put(1), 0}, {3, 6, take, 1}, {4, 9, take, Nil}, {5, 10, put(2), 0}}},
		{name: "popped by one that never returned", calls: []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {5, 0, take, nil}, {6, 7, take, 1}, {8, 9, take, Nil}}},
		{name: "each by another", calls: []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {5, 6, put(3), 0}, {7, 0, take, nil}, {8, 0, take, nil}, {9, 10, take, 1}}},
		{"from below", []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {5, 6, take, 1}, {7, 8, take, 2}},
			"process 2 was answered pop → 1, though another was pushed on top of it, and was popped later", 3},
		{"never popped", []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {5, 6, take, 1}},
			"process 2 was answered pop → 1, though another was pushed on top of it, and was never popped", 3},
		{"too late", []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {5, 6, take, 1}, {7, 0, take, nil}},
			"process 2 was answered pop → 1, though another was pushed on top of it, and was never popped", 3},
		{"a chain", []timed{{1, 2, put(1), 0}, {3, 4, put(2), 0}, {5, 11, take, 1}, {7, 8, put(3), 0}, {9, 20, take, 2}, {12, 13, take, 3}},
			"process 2 was answered pop → 1, though the stack was never empty from its push until another value was popped that was pushed later", 4},
		{"never empty", []timed{{1, 2, put(1), 0}, {3, 9, take, Nil}, {4, 5, put(2), 0}, {6, 11, take, 1}, {10, 12, take, 2}},
			"process 1 was answered pop → empty, though there was always something there", 3},
		{"from nowhere", []timed{{1, 2, put(1), 0}, {3, 4, take, 5}}, "process 1 was answered pop → 5, which nobody put there", 1},
	})
}

// TestSpecialsAgreeWithSearch compares what is decided without a search, on
// histories that are too long for an order of all calls to be tried.
func TestSpecialsAgreeWithSearch(t *testing.T) {
	specialsAgree(t, queueRig("fifo-queue", FIFOQueue(), true), "dequeue")
	specialsAgree(t, queueRig("priority-queue", PriorityQueue(), true), "dequeue")
	specialsAgree(t, stackRig(), "pop")
}

func specialsAgree[S comparable, In, Out any](t *testing.T, g rig[S, In, Out], take string) {
	t.Run(g.name, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		decided, hard, counts := 0, 0, map[bool]int{}
		total := sweep(t) / 10
		for range total {
			l := load{n: 20 + r.IntN(60), clients: 1 + r.IntN(5), unknown: 10 * r.IntN(3)}
			h, _ := g.random(r, l)
			h = swapped(r, h, take)
			s := search{source: erase(g.m).of(h)}
			s.memory = 64 << 20
			parts, _ := s.split()
			found := s.order(parts[0].spans)
			want := found.ok
			if found.err != nil {
				hard++
				continue
			}
			if d, ok := s.quick(parts[0].spans); ok {
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
