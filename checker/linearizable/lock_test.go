package linearizable

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// lockMaker makes histories of locks. An attempt that can't succeed, by a model of no
// more than permits holders, ends with whatever the maker spoils.
func lockMaker[S comparable](m model.Model[S, model.LockOp, int], clients int, token func(s S) int) maker[S, model.LockOp, int] {
	return maker[S, model.LockOp, int]{
		m: m,
		ask: func(r *rand.Rand, n int) model.LockOp {
			f := "acquire"
			if r.IntN(2) == 0 {
				f = "release"
			}
			return model.LockOp{F: f, Client: r.IntN(clients)}
		},
		answer: func(s S, in model.LockOp) int {
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
	t.Run("mutex", func(t *testing.T) { agree(t, lockMaker(model.Mutex(), 2, nil), sweep(t), 5, 4) })
	t.Run("semaphore", func(t *testing.T) { agree(t, lockMaker(model.Semaphore(2), 2, nil), sweep(t), 6, 4) })
	t.Run("owned", func(t *testing.T) { agree(t, lockMaker(model.ReentrantLock(1), 2, nil), sweep(t), 4, 4) })
	t.Run("reentrant", func(t *testing.T) { agree(t, lockMaker(model.ReentrantLock(2), 2, nil), sweep(t), 5, 4) })
	t.Run("fenced", func(t *testing.T) {
		agree(t, lockMaker(model.FencedLock(), 2, func(s model.Holding) int { return s.Token + 1 }), sweep(t), 4, 4)
	})
}

// A steps table is a model's state, call by call; the last call
// is right or not.
type steps[In, Out any] struct {
	name string
	in   []In
	out  []Out
	ok   bool
}

// walk makes a history of calls one after the other, and judges it.
func (s steps[In, Out]) walk(t *testing.T, check checker.Checker) {
	t.Helper()
	h := history.Of()
	for i, in := range s.in {
		h.Add(history.Op{Process: i, Type: history.Invoke, Input: in})
		h.Add(history.Op{Process: i, Type: history.OK, Output: s.out[i]})
	}
	want := checker.Invalid
	if s.ok {
		want = checker.Valid
	}
	got := check.Check(t.Context(), h)
	assert.Equal(t, want, got.Verdict, "%s: %s", s.name, got.Reason)
}

func acquire(client int) model.LockOp { return model.LockOp{F: "acquire", Client: client} }
func release(client int) model.LockOp { return model.LockOp{F: "release", Client: client} }

func TestLocks(t *testing.T) {
	type lockSteps = steps[model.LockOp, int]
	for _, s := range []lockSteps{
		{"twice", []model.LockOp{acquire(1), acquire(2)}, []int{0, 0}, false},
		{"released by another", []model.LockOp{acquire(1), release(2), acquire(1)}, []int{0, 0, 0}, true},
		{"released though free", []model.LockOp{release(1)}, []int{0}, false},
	} {
		s.walk(t, New(model.Mutex()))
		s.walk(t, New(model.Semaphore(1)))
	}
	for _, s := range []lockSteps{
		{"two permits", []model.LockOp{acquire(1), acquire(2)}, []int{0, 0}, true},
		{"three of two permits", []model.LockOp{acquire(1), acquire(2), acquire(3)}, []int{0, 0, 0}, false},
	} {
		s.walk(t, New(model.Semaphore(2)))
	}
	for _, s := range []lockSteps{
		{"again", []model.LockOp{acquire(1), acquire(1), release(1), release(1), acquire(2)}, []int{0, 0, 0, 0, 0}, true},
		{"too often", []model.LockOp{acquire(1), acquire(1), acquire(1)}, []int{0, 0, 0}, false},
		{"by another", []model.LockOp{acquire(1), acquire(2)}, []int{0, 0}, false},
		{"released by another", []model.LockOp{acquire(1), release(2)}, []int{0, 0}, false},
		{"still held", []model.LockOp{acquire(1), acquire(1), release(1), acquire(2)}, []int{0, 0, 0, 0}, false},
		{"other calls", []model.LockOp{{F: "steal"}}, []int{0}, false},
	} {
		s.walk(t, New(model.ReentrantLock(2)))
	}
	for _, s := range []lockSteps{
		{"growing", []model.LockOp{acquire(1), release(1), acquire(2)}, []int{5, 0, 7}, true},
		{"no token", []model.LockOp{acquire(1), release(1), acquire(2)}, []int{5, 0, 0}, true},
		{"shrinking", []model.LockOp{acquire(1), release(1), acquire(2)}, []int{5, 0, 4}, false},
		{"the same", []model.LockOp{acquire(1), release(1), acquire(2)}, []int{5, 0, 5}, false},
		{"held", []model.LockOp{acquire(1), acquire(2)}, []int{5, 6}, false},
	} {
		s.walk(t, New(model.FencedLock()))
	}
}
