package checker

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/history"
)

// lockMaker makes histories of locks. An attempt that can't succeed, by a model of no
// more than permits holders, ends with whatever the maker spoils.
func lockMaker[S comparable](m Model[S, LockOp, int], clients int, token func(s S) int) maker[S, LockOp, int] {
	return maker[S, LockOp, int]{
		m: m,
		ask: func(r *rand.Rand, n int) LockOp {
			f := "acquire"
			if r.IntN(2) == 0 {
				f = "release"
			}
			return LockOp{F: f, Client: r.IntN(clients)}
		},
		answer: func(s S, in LockOp) int {
			if in.F == "acquire" && token != nil {
				return token(s)
			}
			return 0
		},
		spoil: func(r *rand.Rand, out int) int { return r.IntN(4) },
		lose:  func(r *rand.Rand) (info, fail bool) { x := r.IntN(10); return x < 3, x < 6 },
	}
}

func TestLocksAgree(t *testing.T) {
	t.Run("mutex", func(t *testing.T) { agree(t, lockMaker(Mutex(), 2, nil), sweep(t), 5, 4) })
	t.Run("semaphore", func(t *testing.T) { agree(t, lockMaker(Semaphore(2), 2, nil), sweep(t), 6, 4) })
	t.Run("owned", func(t *testing.T) { agree(t, lockMaker(ReentrantLock(1), 2, nil), sweep(t), 4, 4) })
	t.Run("reentrant", func(t *testing.T) { agree(t, lockMaker(ReentrantLock(2), 2, nil), sweep(t), 5, 4) })
	t.Run("fenced", func(t *testing.T) {
		agree(t, lockMaker(FencedLock(), 2, func(s Holding) int { return s.Token + 1 }), sweep(t), 4, 4)
	})
}

// A steps table is what becomes of a model's state, call by call; the last call
// is right or not.
type steps[In, Out any] struct {
	name string
	in   []In
	out  []Out
	ok   bool
}

// walk makes a history of calls one after the other, and judges it.
func (s steps[In, Out]) walk(t *testing.T, check Checker) {
	t.Helper()
	h := history.Of()
	for i, in := range s.in {
		h.Add(history.Op{Process: i, Type: history.Invoke, Input: in})
		h.Add(history.Op{Process: i, Type: history.OK, Output: s.out[i]})
	}
	want := Invalid
	if s.ok {
		want = Valid
	}
	got := check.Check(t.Context(), h)
	assert.Equal(t, want, got.Verdict, "%s: %s", s.name, got.Reason)
}

func acquire(client int) LockOp { return LockOp{F: "acquire", Client: client} }
func release(client int) LockOp { return LockOp{F: "release", Client: client} }

func TestLocks(t *testing.T) {
	type lockSteps = steps[LockOp, int]
	for _, s := range []lockSteps{
		{"twice", []LockOp{acquire(1), acquire(2)}, []int{0, 0}, false},
		{"released by another", []LockOp{acquire(1), release(2), acquire(1)}, []int{0, 0, 0}, true},
		{"released though free", []LockOp{release(1)}, []int{0}, false},
	} {
		s.walk(t, Linearizable(Mutex()))
		s.walk(t, Linearizable(Semaphore(1)))
	}
	for _, s := range []lockSteps{
		{"two permits", []LockOp{acquire(1), acquire(2)}, []int{0, 0}, true},
		{"three of two permits", []LockOp{acquire(1), acquire(2), acquire(3)}, []int{0, 0, 0}, false},
	} {
		s.walk(t, Linearizable(Semaphore(2)))
	}
	for _, s := range []lockSteps{
		{"again", []LockOp{acquire(1), acquire(1), release(1), release(1), acquire(2)}, []int{0, 0, 0, 0, 0}, true},
		{"too often", []LockOp{acquire(1), acquire(1), acquire(1)}, []int{0, 0, 0}, false},
		{"by another", []LockOp{acquire(1), acquire(2)}, []int{0, 0}, false},
		{"released by another", []LockOp{acquire(1), release(2)}, []int{0, 0}, false},
		{"still held", []LockOp{acquire(1), acquire(1), release(1), acquire(2)}, []int{0, 0, 0, 0}, false},
		{"other calls", []LockOp{{F: "steal"}}, []int{0}, false},
	} {
		s.walk(t, Linearizable(ReentrantLock(2)))
	}
	for _, s := range []lockSteps{
		{"growing", []LockOp{acquire(1), release(1), acquire(2)}, []int{5, 0, 7}, true},
		{"no token", []LockOp{acquire(1), release(1), acquire(2)}, []int{5, 0, 0}, true},
		{"shrinking", []LockOp{acquire(1), release(1), acquire(2)}, []int{5, 0, 4}, false},
		{"the same", []LockOp{acquire(1), release(1), acquire(2)}, []int{5, 0, 5}, false},
		{"held", []LockOp{acquire(1), acquire(2)}, []int{5, 6}, false},
	} {
		s.walk(t, Linearizable(FencedLock()))
	}
}
