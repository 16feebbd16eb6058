package checker

import (
	"math"
	"slices"
	"sort"
)

// An element is a value of a queue: the instants between which it was put in,
// and taken out.
type element struct {
	enqueue, dequeue         int // calls; the latter is -1 if nobody is known to have taken it
	called, in, asked, taken int // ends of the one and of the other; never if there are none
}

// A fifo decides whether calls on a queue are linearizable, if all values that were
// enqueued differ, in O(n log n). Henzinger, Sezgin and Vafeiadis, Aspect-oriented
// linearizability proofs (2013), show that a complete history is unless
//
//   - a value was dequeued that was not enqueued before,
//   - a value was dequeued twice,
//   - a was enqueued before b was, and b dequeued before a was, or a never was, or
//   - the queue was found empty while there was always something in it.
//
// Calls of unknown outcome are dealt with so: an enqueue whose value nobody took
// may as well not have happened; one whose value was taken has no end. A
// dequeue may have taken a value that is still there otherwise: those values that must
// be gone for the sake of others that came later have a deadline, and get the
// dequeues that began first. If some found the queue empty as well, that may
// leave it open; then decideFIFO does not decide.
type fifo struct {
	calls    []fact[QueueOp, int]
	elements []element
	lost     []int // dequeues of unknown outcome, in the order of their calls
	empty    []int // dequeues that found nothing
}

func decideFIFO(calls []fact[QueueOp, int]) finding {
	q := fifo{calls: calls}
	if f := q.match(); !f.decided || f.bad != nil {
		return f
	}
	sort.Slice(q.elements, func(i, j int) bool { return q.elements[i].in < q.elements[j].in })
	if f := q.overtaken(); f.bad != nil {
		return f
	}
	if f := q.take(); f.bad != nil {
		return f
	}
	return q.empties()
}

// match pairs enqueues and dequeues.
func (q *fifo) match() finding {
	at := make(map[int]int, len(q.calls)/2)
	var all []element
	for i, c := range q.calls {
		if c.in.F == "enqueue" {
			if _, twice := at[c.in.Value]; twice || c.in.Value == Nil {
				return undecided
			}
			at[c.in.Value] = len(all)
			all = append(all, element{i, -1, c.call, c.ret, never, never})
		}
	}
	for i, c := range q.calls {
		switch {
		case c.in.F == "enqueue":
		case c.in.F != "dequeue":
			return undecided
		case !c.known:
			q.lost = append(q.lost, i)
		case c.out == Nil:
			q.empty = append(q.empty, i)
		default:
			n, ok := at[c.out]
			if !ok {
				return found("which nobody put there", i)
			}
			e := &all[n]
			if e.dequeue >= 0 {
				return found("which another had taken", i, e.dequeue, e.enqueue)
			}
			if c.ret < e.called {
				return found("before anybody began to put it there", i, e.enqueue)
			}
			e.dequeue, e.asked, e.taken = i, c.call, c.ret
		}
	}
	for _, e := range all {
		if e.dequeue >= 0 || e.in != never {
			q.elements = append(q.elements, e)
		}
	}
	return allWell
}

// overtaken finds an element that was taken before one that was put in earlier,
// and was taken later.
func (q *fifo) overtaken() finding {
	last := make([]int, len(q.elements)) // of the elements up to here, the one whose dequeue was called last
	best := -1
	for i, e := range q.elements {
		if e.dequeue >= 0 && (best < 0 || e.asked > q.elements[best].asked) {
			best = i
		}
		last[i] = best
	}
	for _, b := range q.elements {
		n := sort.Search(len(q.elements), func(i int) bool { return q.elements[i].in >= b.called })
		if b.dequeue < 0 || n == 0 || last[n-1] < 0 {
			continue
		}
		if a := q.elements[last[n-1]]; a.asked > b.taken {
			return found("though another was put there before it, and was taken later", b.dequeue, a.enqueue, b.enqueue, a.dequeue)
		}
	}
	return allWell
}

// An owed element is one that a dequeue of unknown outcome must have taken.
type owed struct{ element, by, due int }

// take gives elements to dequeues of unknown outcome: first those that must have
// been taken because later ones were, then the others.
func (q *fifo) take() finding {
	due := q.deadlines()
	sort.Slice(due, func(i, j int) bool { return due[i].due < due[j].due })
	for i, o := range due {
		if i < len(q.lost) && q.calls[q.lost[i]].call < o.due {
			continue
		}
		return found("though another was put there before it, and was never taken", q.unpaid(due[:i+1])...)
	}
	used := map[int]bool{}
	for i, o := range due {
		q.give(o.element, q.lost[i])
		used[o.element] = true
	}
	rest := q.lost[len(due):]
	for i, e := range q.elements {
		if e.dequeue < 0 && !used[i] && len(rest) > 0 {
			q.give(i, rest[0])
			rest = rest[1:]
		}
	}
	return allWell
}

// unpaid returns the calls that show why there are too few dequeues of unknown
// outcome for what is due.
func (q *fifo) unpaid(due []owed) []int {
	last := q.elements[due[len(due)-1].by]
	bad := []int{last.dequeue, last.enqueue}
	for _, o := range due {
		b := q.elements[o.by]
		for _, c := range []int{q.elements[o.element].enqueue, b.enqueue, b.dequeue} {
			if !slices.Contains(bad, c) {
				bad = append(bad, c)
			}
		}
	}
	return append(bad, q.lost[:min(len(due)-1, len(q.lost))]...)
}

func (q *fifo) give(element, dequeue int) {
	q.elements[element].dequeue, q.elements[element].asked = dequeue, q.calls[dequeue].call
}

// deadlines returns the elements that nobody is known to have taken though one
// that came later was, with the instant by which the first of those was.
func (q *fifo) deadlines() (due []owed) {
	var later []int
	for i, e := range q.elements {
		if e.dequeue >= 0 {
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
		if e.dequeue >= 0 {
			continue
		}
		n := sort.Search(len(later), func(j int) bool { return q.elements[later[j]].called > e.in })
		if n < len(later) {
			due = append(due, owed{i, first[n], q.elements[first[n]].taken})
		}
	}
	return due
}

// empties looks at the dequeues that found nothing. They are right if they can be
// with the elements that the unknown dequeues were given here, and wrong if they
// were even without those.
func (q *fifo) empties() finding {
	covers := func(given bool) (all []element) {
		for _, e := range q.elements {
			certain := e.dequeue >= 0 && q.calls[e.dequeue].known
			if e.in < e.asked && (given || certain || len(q.lost) == 0) {
				all = append(all, e)
			}
		}
		return all
	}
	bad := q.covered(covers(true))
	if bad == nil {
		return allWell
	}
	if len(q.lost) > 0 {
		if bad = q.covered(covers(false)); bad == nil {
			return undecided
		}
	}
	return found("though there was always something there", bad...)
}

// covered finds a dequeue that found nothing, and elements one of which was
// certainly there at any time while it went on. The elements are in the order
// in which they were put in.
func (q *fifo) covered(by []element) []int {
	var full []element // stretches in which something was there, as elements
	for _, e := range by {
		if n := len(full); n > 0 && e.in < full[n-1].asked {
			full[n-1].asked = max(full[n-1].asked, e.asked)
		} else {
			full = append(full, e)
		}
	}
	for _, d := range q.empty {
		c := q.calls[d]
		n := sort.Search(len(full), func(i int) bool { return full[i].in >= c.call }) - 1
		if n >= 0 && full[n].asked > c.ret {
			return append([]int{d}, cover(by, c.call, c.ret)...)
		}
	}
	return nil
}

// cover returns the calls of few elements that together were there all the time.
func cover(by []element, from, to int) (calls []int) {
	for at, i := from, 0; at < to; {
		best := element{asked: math.MinInt}
		for ; i < len(by) && by[i].in < at; i++ {
			if by[i].asked > best.asked {
				best = by[i]
			}
		}
		at = best.asked
		calls = append(calls, best.enqueue)
		if best.dequeue >= 0 {
			calls = append(calls, best.dequeue)
		}
	}
	return calls
}
