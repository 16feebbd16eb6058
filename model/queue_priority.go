package model

import (
	"cmp"
	"slices"
)

// decidePriority decides whether calls on a priority queue are linearizable, if all
// values that were enqueued differ, in O(n log n).
//
// A value is certainly present between the end of its enqueue and the start of its
// dequeue. So no dequeue can take effect while a smaller value is certainly present, and
// none can find nothing while any is. That suffices. Proof: take the values in ascending
// order, and let each leave as early as possible: it leaves at once where it may, or
// stays only where a smaller one is present, so that it keeps larger ones waiting
// no longer than it is certainly present. (The condition is one of those
// of Henzinger, Sezgin and Vafeiadis, 2013, carried over from queues.)
func decidePriority(of Calls[QueueOp, int]) Decision {
	calls := of.All()
	c, f := contentsOf(calls, queueRole)
	if !f.Decided || f.Conflict != nil {
		return f
	}
	return c.eitherWay(func(elements []element) Decision {
		slices.SortFunc(elements, func(a, b element) int { return cmp.Compare(a.value, b.value) })
		when := newIntervals(elements)
		for i, e := range elements {
			from := max(e.called, e.asked)
			if e.take >= 0 && !when.anyUncovered(from, e.taken) {
				smaller := slices.Clone(elements[:i])
				slices.SortFunc(smaller, byPut)
				return Violated("though something smaller was there all the time", callsOf(cover(smaller, from, e.taken), e.take, e.put)...)
			}
			when.cover(e.in, e.asked)
		}
		slices.SortFunc(elements, byPut)
		return c.neverEmpty(elements)
	})
}

func byPut(a, b element) int { return a.in - b.in }

// The intervals between the ends of elements, some of which are covered: a union-find.
// next leads from each covered one to a later one, and on to the first that is not.
type intervals struct {
	at   []int // where each begins
	next []int32
}

// newIntervals returns the intervals between the ends of elements, none of them covered.
func newIntervals(elements []element) *intervals {
	m := &intervals{at: make([]int, 0, 4*len(elements)+1)}
	for _, e := range elements {
		m.at = append(m.at, e.called, e.in, e.asked, e.taken)
	}
	slices.Sort(m.at)
	m.at = slices.Compact(m.at)
	m.next = make([]int32, len(m.at)+1)
	for i := range m.next {
		m.next[i] = int32(i)
	}
	return m
}

func (m *intervals) number(at int) int32 {
	i, _ := slices.BinarySearch(m.at, at)
	return int32(i)
}

// firstUncovered returns the first interval from i on that is not covered.
func (m *intervals) firstUncovered(i int32) int32 {
	for m.next[i] != i {
		m.next[i] = m.next[m.next[i]]
		i = m.next[i]
	}
	return i
}

// anyUncovered reports whether a part of the time between two instants is not covered.
func (m *intervals) anyUncovered(from, to int) bool {
	return m.firstUncovered(m.number(from)) < m.number(to)
}

func (m *intervals) cover(from, to int) {
	end := m.number(to)
	for i := m.firstUncovered(m.number(from)); i < end; i = m.firstUncovered(i) {
		m.next[i] = i + 1
	}
}
