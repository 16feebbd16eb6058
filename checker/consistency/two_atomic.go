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
// Time, 2018) in O(n log n + n c) for c concurrent writes. Written values must be unique, and keys that are not
// linearizable must have no swaps.
func TwoAtomic[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return ruleChecker(view.Erase(m), twoAtomic)
}

var twoAtomic = rule{name: "2-atomic", holds: "are 2-atomic", find: func(_ *budget.Meter, l *sessionHistory) (*violation, error) {
	for k, b := range l.byKey() {
		switch ok, err := b.twoAtomic(); {
		case err != nil:
			return nil, fmt.Errorf("%w%s", err, words.On(l.keys[k]))
		case !ok:
			return b.twoAtomicViolation(), nil
		}
	}
	return nil, nil
}}

var errSwaps = errors.New("it is not linearizable, and 2-atomicity says nothing of swaps")

// accesses returns the calls as zones take them.
func (b *keyHistory) accesses() []view.Access {
	ops := make([]view.Access, len(b.calls))
	number := func(v int32) int32 {
		if v == model.None {
			return model.None
		}
		return b.number[v]
	}
	for n, i := range b.calls {
		t := &b.l.calls[i]
		ops[n] = view.Access{Call: t.Call, Ret: t.Ret, Saw: number(t.saw), Put: number(t.put), Known: t.Known}
	}
	return ops
}

// isLinearizable reports whether the key is linearizable.
func (b *keyHistory) isLinearizable() bool {
	c, ok := zones.Decide(b.accesses(), len(b.writes), false)
	return ok && c == nil
}

// twoAtomic decides one key.
func (b *keyHistory) twoAtomic() (bool, error) {
	switch {
	case b.earlyReads > 0:
		return false, nil
	case b.isLinearizable():
		return true, nil
	case b.swaps:
		return false, errSwaps
	}
	return newLBT(b).run()
}

// twoAtomicViolation finds few calls of the key that are not 2-atomic.
func (b *keyHistory) twoAtomicViolation() *violation {
	l := b.l
	bad := func(p *sessionHistory) bool {
		for _, b := range p.byKey() {
			if ok, err := b.twoAtomic(); len(b.calls) > 0 && err == nil && !ok {
				return true
			}
		}
		return false
	}
	again := func(p *sessionHistory) *violation {
		if !bad(p) {
			return nil
		}
		late := int32(0)
		for i := range p.calls {
			if t := &p.calls[i]; t.observes() && (!p.calls[late].observes() || t.Call > p.calls[late].Call) {
				late = int32(i)
			}
		}
		return &violation{blamed: late, key: p.calls[0].key,
			reason: fmt.Sprintf("%s %s, which is not one of the two last values in any order of the writes", p.process(late), p.describeRead(late))}
	}
	order := slices.Clone(b.calls)
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(l.calls[a].Ret, l.calls[b].Ret) })
	prefix := func(n int) []int32 { return l.withWriters(order[:n]) }
	end := 1 + bisect(len(order)-1, func(n int) bool { return bad(l.only(prefix(n + 1))) })
	for size := 8; size < end; size *= 2 {
		if found := l.tryMinimise(order[end-size:end], again); found != nil {
			return found
		}
	}
	return l.minimise(prefix(end), again)
}

// bisect returns the smallest n up to most for which yes holds. It must hold for most.
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

// kAtomicity bounds the smallest k for which the key is k-atomic.
func (b *keyHistory) kAtomicity(s *Staleness) {
	if s.KHigh == 0 || b.earlyReads > 0 {
		s.KHigh = 0
		return
	}
	if b.isLinearizable() {
		return
	}
	low, high := max(2, 1+b.maxBehind()), max(2, b.greedyK())
	if !b.swaps {
		if ok, err := newLBT(b).run(); err == nil && ok {
			low, high = 2, 2
		} else if err == nil {
			low, high = max(3, low), max(3, high)
		}
	}
	s.KLow, s.KHigh = max(s.KLow, low), max(s.KHigh, high)
}

// maxBehind returns the most versions that a read is behind.
func (b *keyHistory) maxBehind() int {
	var s Staleness
	b.behind(&s)
	return s.MaxBehind
}

// greedyK returns a k for which the key is k-atomic: it orders the writes by their ends, and
// puts each read as early as possible.
func (b *keyHistory) greedyK() (k int) {
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

// An lbt decides 2-atomicity by LBT (limited backtracking): it places the writes from the last to the first. A
// read that began after a write has ended comes after it, so it must have seen that write, or
// the one before it, which is then forced. An epoch ends where none is forced. Its choice is final: the search
// backtracks only within an epoch.
type lbt struct {
	b      *keyHistory
	byCall ring // of writes
	byEnd  ring
	reads  ring
	of     [][]int32 // by write: its reads
	steps  int
}

// newLBT returns the search for a key. Its steps are bounded, since histories with many concurrent writes may take long.
func newLBT(b *keyHistory) *lbt {
	x := &lbt{b: b, of: make([][]int32, len(b.writes)), steps: 400*(len(b.writes)+len(b.reads)) + 100_000}
	x.byCall = newRing(len(b.writes), func(i int32) int { return b.writes[i].call })
	x.byEnd = newRing(len(b.writes), func(i int32) int { return b.writes[i].end })
	x.reads = newRing(len(b.reads), func(i int32) int { return b.reads[i].call })
	for i, r := range b.reads {
		x.of[r.write] = append(x.of[r.write], int32(i))
	}
	return x
}

// run places all writes, epoch by epoch. It returns false if no write can end an epoch.
func (x *lbt) run() (bool, error) {
	for x.byCall.top() != model.None {
		placed := false
		for w := x.byEnd.top(); w != model.None && x.mayBeLast(w) && !placed; w = x.byEnd.below(w) {
			mark := [3]int{len(x.byCall.removed), len(x.byEnd.removed), len(x.reads.removed)}
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

// mayBeLast reports whether a write may be the last one of those left.
func (x *lbt) mayBeLast(w int32) bool {
	last := x.byCall.top()
	if last == w {
		last = x.byCall.below(w)
	}
	return last == model.None || x.b.writes[last].call <= x.b.writes[w].end
}

// epoch places a write, and those before it that are forced.
func (x *lbt) epoch(w int32) bool {
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
		if !x.byEnd.has(given) || !x.mayBeLast(given) {
			return false
		}
		w = given
	}
}

// A ring is a sorted list whose elements can be removed, and restored in reverse order (Knuth, Dancing Links, 2000).
type ring struct {
	prev, next []int32 // the last one is the sentinel
	out        []bool
	removed    []int32
}

// newRing returns a ring of n elements, sorted by key.
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
	r.removed = append(r.removed, i)
	r.next[r.prev[i]], r.prev[r.next[i]] = r.next[i], r.prev[i]
}

// restore undoes all removals after the first n.
func (r *ring) restore(n int) {
	for len(r.removed) > n {
		i := r.removed[len(r.removed)-1]
		r.removed = r.removed[:len(r.removed)-1]
		r.out[i] = false
		r.next[r.prev[i]], r.prev[r.next[i]] = i, i
	}
}
