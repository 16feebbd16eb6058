package consistency

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/checker/internal/zones"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// TwoAtomic returns a checker of whether each read sees one of the two last versions of
// its key, in some order of the calls that keeps real time: 2-atomicity (Aiyer, Alvisi and Bazzi, On the
// Availability of Non-strict Quorum Systems, 2005). Each key is judged on its own, first for
// linearizability by zones, and then by LBT (Golab, Li, López-Ortiz and Nishimura, Computing k-Atomicity in Polynomial
// Time, 2018) in O(n log n + n c) for c writes at a time. Written values must be unique, and keys that are not
// linearizable must have no swaps.
func TwoAtomic[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return keeps(view.Erase(m), twoAtomic)
}

var twoAtomic = rule{name: "2-atomic", kept: "are 2-atomic", find: func(_ *budget.Meter, l *logbook) (*breach, error) {
	for k, b := range l.ledgers() {
		switch ok, err := b.twoAtomic(); {
		case err != nil:
			return nil, fmt.Errorf("%w%s", err, words.On(l.keys[k]))
		case !ok:
			return b.notTwoAtomic(), nil
		}
	}
	return nil, nil
}}

var errSwaps = errors.New("it is not linearizable, and 2-atomicity says nothing of swaps")

// accesses returns the turns as zones take them.
func (b *ledger) accesses() []view.Access {
	ops := make([]view.Access, len(b.turns))
	number := func(v int32) int32 {
		if v == model.None {
			return model.None
		}
		return b.number[v]
	}
	for n, i := range b.turns {
		t := &b.l.turns[i]
		ops[n] = view.Access{Call: t.Call, Ret: t.Ret, Saw: number(t.saw), Put: number(t.put), Known: t.Known}
	}
	return ops
}

// atomic reports whether the key is linearizable.
func (b *ledger) atomic() bool {
	c, ok := zones.Decide(b.accesses(), len(b.writes), false)
	return ok && c == nil
}

// twoAtomic decides one key.
func (b *ledger) twoAtomic() (bool, error) {
	switch {
	case b.early > 0:
		return false, nil
	case b.atomic():
		return true, nil
	case b.swaps:
		return false, errSwaps
	}
	return newBackwards(b).run()
}

// notTwoAtomic finds few turns of the key that are not 2-atomic.
func (b *ledger) notTwoAtomic() *breach {
	l := b.l
	bad := func(p *logbook) bool {
		for _, b := range p.ledgers() {
			if ok, err := b.twoAtomic(); len(b.turns) > 0 && err == nil && !ok {
				return true
			}
		}
		return false
	}
	again := func(p *logbook) *breach {
		if !bad(p) {
			return nil
		}
		late := int32(0)
		for i := range p.turns {
			if t := &p.turns[i]; t.observes() && (!p.turns[late].observes() || t.Call > p.turns[late].Call) {
				late = int32(i)
			}
		}
		return &breach{culprit: late, key: p.turns[0].key,
			reason: fmt.Sprintf("%s %s, which is not one of the two last values in any order of the writes", p.who(late), p.told(late))}
	}
	order := slices.Clone(b.turns)
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(l.turns[a].Ret, l.turns[b].Ret) })
	prefix := func(n int) []int32 { return l.sourced(order[:n]) }
	end := 1 + bisect(len(order)-1, func(n int) bool { return bad(l.part(prefix(n + 1))) })
	for size := 8; size < end; size *= 2 {
		if found := l.tryShrink(order[end-size:end], again); found != nil {
			return found
		}
	}
	return l.shrink(prefix(end), again)
}

// bisect returns the smallest n for which yes holds; it does for most.
func bisect(most int, yes func(int) bool) int {
	lo := 0
	for lo < most {
		if mid := (lo + most) / 2; yes(mid) {
			most = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// atomicity finds how many of the last versions reads of the key see.
func (b *ledger) atomicity(s *Staleness) {
	if s.KHigh == 0 || b.early > 0 {
		s.KHigh = 0
		return
	}
	if b.atomic() {
		return
	}
	low, high := max(2, 1+b.most()), max(2, b.greedy())
	if !b.swaps {
		if ok, err := newBackwards(b).run(); err == nil && ok {
			low, high = 2, 2
		} else if err == nil {
			low, high = max(3, low), max(3, high)
		}
	}
	s.KLow, s.KHigh = max(s.KLow, low), max(s.KHigh, high)
}

// most returns by how many versions a read is behind at most.
func (b *ledger) most() int {
	var s Staleness
	b.behind(&s)
	return s.Most
}

// greedy returns a k for which the key is k-atomic: the writes in the order of their ends, and
// each read as early as it may come.
func (b *ledger) greedy() (k int) {
	order := make([]int, len(b.writes))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return cmp.Compare(b.writes[x].end, b.writes[y].end) })
	rank := make([]int, len(order))
	ends := make([]int, len(order))
	for r, i := range order {
		rank[i], ends[r] = r, b.writes[i].end
	}
	done := 0
	for _, r := range b.reads {
		for done < len(ends) && ends[done] < r.call {
			done++
		}
		k = max(k, done-rank[r.write])
	}
	return k
}

// A backwards decides 2-atomicity by LBT: it places the writes from the last to the first. A
// read that began after a write has ended comes after it, so it must have seen that write, or
// the one before it, which is thereby given. If none is, the rest is free again, and what was placed stays: only what
// came since the last free choice is ever taken back.
type backwards struct {
	b      *ledger
	byCall ring // of writes
	byEnd  ring
	reads  ring
	of     [][]int32 // by write: its reads
	steps  int
}

func newBackwards(b *ledger) *backwards {
	x := &backwards{b: b, of: make([][]int32, len(b.writes)), steps: 400*(len(b.writes)+len(b.reads)) + 100_000}
	x.byCall = newRing(len(b.writes), func(i int32) int { return b.writes[i].call })
	x.byEnd = newRing(len(b.writes), func(i int32) int { return b.writes[i].end })
	x.reads = newRing(len(b.reads), func(i int32) int { return b.reads[i].call })
	for i, r := range b.reads {
		x.of[r.write] = append(x.of[r.write], int32(i))
	}
	return x
}

func (x *backwards) run() (bool, error) {
	for x.byCall.top() != model.None {
		placed := false
		for w := x.byEnd.top(); w != model.None && x.free(w) && !placed; w = x.byEnd.below(w) {
			mark := [3]int{len(x.byCall.gone), len(x.byEnd.gone), len(x.reads.gone)}
			if placed = x.epoch(w); !placed {
				x.byCall.restore(mark[0])
				x.byEnd.restore(mark[1])
				x.reads.restore(mark[2])
			}
			if x.steps < 0 {
				return false, budget.ErrSteps
			}
			if placed {
				break
			}
		}
		if !placed {
			return false, nil
		}
	}
	return true, nil
}

// free reports whether a write may be the last one of those left.
func (x *backwards) free(w int32) bool {
	last := x.byCall.top()
	if last == w {
		last = x.byCall.below(w)
	}
	return last == model.None || x.b.writes[last].call <= x.b.writes[w].end
}

// epoch places a write, and those before it that are given.
func (x *backwards) epoch(w int32) bool {
	for {
		x.steps--
		x.byCall.remove(w)
		x.byEnd.remove(w)
		given := model.None
		for r := x.reads.top(); r != model.None && x.b.reads[r].call > x.b.writes[w].end; r = x.reads.top() {
			x.steps--
			if saw := x.b.reads[r].write; saw != w {
				if given != model.None && given != saw {
					return false
				}
				given = saw
			}
			x.reads.remove(r)
		}
		for _, r := range x.of[w] {
			x.steps--
			x.reads.remove(r)
		}
		if given == model.None {
			return true
		}
		if !x.byEnd.has(given) || !x.free(given) {
			return false
		}
		w = given
	}
}

// A ring is a sorted list from which things are taken, and put back in reverse order (Knuth, Dancing Links, 2000).
type ring struct {
	prev, next []int32 // the last slot is the ring's own
	out        []bool
	gone       []int32
}

func newRing(n int, key func(int32) int) ring {
	order := make([]int32, n, n+1)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(key(a), key(b)) })
	order = append(order, int32(n))
	r := ring{prev: make([]int32, n+1), next: make([]int32, n+1), out: make([]bool, n)}
	for k, i := range order {
		j := order[(k+1)%len(order)]
		r.next[i], r.prev[j] = j, i
	}
	return r
}

func (r *ring) end() int32 { return int32(len(r.prev) - 1) }

// top returns the largest, or none.
func (r *ring) top() int32 { return r.below(r.end()) }

func (r *ring) below(i int32) int32 {
	if p := r.prev[i]; p != r.end() {
		return p
	}
	return model.None
}

func (r *ring) has(i int32) bool { return !r.out[i] }

func (r *ring) remove(i int32) {
	if r.out[i] {
		return
	}
	r.out[i] = true
	r.gone = append(r.gone, i)
	r.next[r.prev[i]], r.prev[r.next[i]] = r.next[i], r.prev[i]
}

// restore puts back all that was taken since the first n.
func (r *ring) restore(n int) {
	for len(r.gone) > n {
		i := r.gone[len(r.gone)-1]
		r.gone = r.gone[:len(r.gone)-1]
		r.out[i] = false
		r.next[r.prev[i]], r.prev[r.next[i]] = i, i
	}
}
