package model

import (
	"slices"
	"sort"
)

// A fifo decides whether calls on a queue are linearizable, if all values that were
// enqueued differ, in O(n log n). Henzinger, Sezgin and Vafeiadis, Aspect-oriented
// linearizability proofs (2013), show that a complete history is unless
//
//   - a value was dequeued that was not enqueued before,
//   - a value was dequeued twice,
//   - a was enqueued before b was, and b dequeued before a was, or a never was, or
//   - the queue was found empty while there was always something in it.
//
// Indeterminate calls need more. An enqueue whose value was not dequeued
// is left out; one whose value was dequeued has no end. An indeterminate
// dequeue may have taken a value that would still be there otherwise: values that must
// be gone because later ones were dequeued have a deadline, and are assigned to the
// dequeues that began first. If dequeues found the queue empty as well, that may
// not be the only assignment; then decideFIFO does not decide.
type fifo struct{ contents[QueueOp] }

// decideFIFO is the decision procedure of [FIFOQueue].
func decideFIFO(of Calls[QueueOp, int]) Decision {
	calls := of.All()
	c, f := contentsOf(calls, queueRole)
	if !f.Decided || f.Conflict != nil {
		return f
	}
	q := fifo{c}
	sort.Slice(q.elements, func(i, j int) bool { return q.elements[i].in < q.elements[j].in })
	if f := q.overtaken(); f.Conflict != nil {
		return f
	}
	if f := q.assignTakes(); f.Conflict != nil {
		return f
	}
	return q.emptyTakes()
}

// overtaken finds an element that was taken before one that was put in earlier,
// and was taken later.
func (q *fifo) overtaken() Decision {
	last := make([]int, len(q.elements)) // of the elements up to here, the one whose dequeue was called last
	best := -1
	for i, e := range q.elements {
		if e.take >= 0 && (best < 0 || e.asked > q.elements[best].asked) {
			best = i
		}
		last[i] = best
	}
	for _, b := range q.elements {
		n := sort.Search(len(q.elements), func(i int) bool { return q.elements[i].in >= b.called })
		if b.take < 0 || n == 0 || last[n-1] < 0 {
			continue
		}
		if a := q.elements[last[n-1]]; a.asked > b.taken {
			return Violated("though another was put there before it, and was taken later", b.take, a.put, b.put, a.take)
		}
	}
	return Satisfied
}

// A deadline is an element that an indeterminate dequeue must have taken by due.
type deadline struct{ element, by, due int }

// assignTakes assigns elements to indeterminate dequeues: first those that must have
// been taken because later ones were, then the others.
func (q *fifo) assignTakes() Decision {
	due := q.deadlines()
	sort.Slice(due, func(i, j int) bool { return due[i].due < due[j].due })
	for i, o := range due {
		if i < len(q.indeterminate) && q.calls[q.indeterminate[i]].Invoked < o.due {
			continue
		}
		return Violated("though another was put there before it, and was never taken", q.tooFewTakes(due[:i+1])...)
	}
	used := map[int]bool{}
	for i, o := range due {
		q.assign(o.element, q.indeterminate[i])
		used[o.element] = true
	}
	rest := q.indeterminate[len(due):]
	for i, e := range q.elements {
		if e.take < 0 && !used[i] && len(rest) > 0 {
			q.assign(i, rest[0])
			rest = rest[1:]
		}
	}
	return Satisfied
}

// tooFewTakes returns the calls that show that there are too few indeterminate dequeues
// for these deadlines.
func (q *fifo) tooFewTakes(due []deadline) []int {
	last := q.elements[due[len(due)-1].by]
	bad := []int{last.take, last.put}
	for _, o := range due {
		b := q.elements[o.by]
		for _, c := range []int{q.elements[o.element].put, b.put, b.take} {
			if !slices.Contains(bad, c) {
				bad = append(bad, c)
			}
		}
	}
	return append(bad, q.indeterminate[:min(len(due)-1, len(q.indeterminate))]...)
}

func (q *fifo) assign(element, dequeue int) {
	q.elements[element].take, q.elements[element].asked = dequeue, q.calls[dequeue].Invoked
}

// deadlines returns the elements that no known dequeue took though it took one
// that came later, with the instant by which the first of those was taken.
func (q *fifo) deadlines() (due []deadline) {
	var later []int
	for i, e := range q.elements {
		if e.take >= 0 {
			later = append(later, i)
		}
	}
	sort.Slice(later, func(i, j int) bool { return q.elements[later[i]].called < q.elements[later[j]].called })
	first := slices.Clone(later) // of the elements from here on, the one that was taken first
	for i := len(first) - 2; i >= 0; i-- {
		if q.elements[first[i+1]].taken < q.elements[first[i]].taken {
			first[i] = first[i+1]
		}
	}
	for i, e := range q.elements {
		if e.take >= 0 {
			continue
		}
		n := sort.Search(len(later), func(j int) bool { return q.elements[later[j]].called > e.in })
		if n < len(later) {
			due = append(due, deadline{i, first[n], q.elements[first[n]].taken})
		}
	}
	return due
}

// emptyTakes decides the dequeues that found nothing. They are right if they can be
// with the elements assigned to indeterminate dequeues, and wrong if they
// were even without these elements.
func (q *fifo) emptyTakes() Decision {
	there := func(given bool) (all []element) {
		for _, e := range q.elements {
			if given || len(q.indeterminate) == 0 || e.take >= 0 && q.calls[e.take].Known {
				all = append(all, e)
			}
		}
		return all
	}
	f := q.neverEmpty(there(true))
	if f.Conflict == nil || len(q.indeterminate) == 0 {
		return f
	}
	if f = q.neverEmpty(there(false)); f.Conflict == nil {
		return Undecided
	}
	return f
}
