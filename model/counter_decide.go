package model

import (
	"container/heap"
	"fmt"
	"slices"
	"sort"
	"strconv"
)

// decideCounter decides calls on a counter where it can, in O(n log n).
//
// A read must lie within bounds: at least what had certainly been added when it
// began, and at most what may have been when it returned. If nothing is subtracted,
// a read must not show less than one that returned before it began. Both are
// necessary. If every add adds the same, then adds are interchangeable except for
// their ends, and one pass through the instants decides: an add takes effect
// only when it, or a read that needs it, returns; of the pending ones the one
// that returns first does; and when the count changes, all reads of the old one must have
// begun.
func decideCounter(of Calls[CounterOp, int]) Decision {
	calls := of.All()
	if slices.ContainsFunc(calls, func(c Call[CounterOp, int]) bool { return c.In.F == "increment" }) {
		return decideIncrements(calls)
	}
	unit, up, down := 0, true, true
	for _, c := range calls {
		v := c.In.Value
		switch {
		case c.In.F == "read" || c.In.F == "add" && v == 0:
			continue
		case c.In.F != "add":
			return Undecided
		case unit == 0:
			unit = v
		case unit != v:
			unit = mixed
		}
		up, down = up && v > 0, down && v < 0
	}
	if f := counterBounds(calls); f.Conflict != nil {
		return f
	}
	if up || down {
		if f := monotonicReads(calls, up); f.Conflict != nil {
			return f
		}
	}
	switch unit {
	case mixed:
		return Undecided
	case 0:
		return Satisfied // every read is 0: that is its bound
	}
	return countUnits(calls, unit)
}

// decideIncrements finds two increments with the same answer though the count only goes one
// way, so that one of them is lost. A search decides the rest, and is short, since each answer has its place in the order.
func decideIncrements(calls []Call[CounterOp, int]) Decision {
	up, down := true, true
	for _, c := range calls {
		if c.In.adds() {
			up, down = up && c.In.Value >= 0, down && c.In.Value <= 0
		}
	}
	if !up && !down {
		return Undecided
	}
	first := map[int]int{}
	for i, c := range calls {
		if c.In.F != "increment" || !c.Known || c.In.Value == 0 {
			continue
		}
		if j, twice := first[c.Out]; twice {
			return Violated(fmt.Sprintf("but another increment had been answered %d as well: one of them is lost", c.Out), i, j)
		}
		first[c.Out] = i
	}
	return Undecided
}

// mixed is the unit if adds add different numbers.
const mixed = Nil

// counterReads returns the known reads.
func counterReads(calls []Call[CounterOp, int]) (reads []int) {
	for i, c := range calls {
		if c.In.F == "read" && c.Known {
			reads = append(reads, i)
		}
	}
	return reads
}

// A moment is one end of a call.
type moment struct {
	at  int
	op  int32
	ret bool
}

// A running sum is what had been added by an instant.
type running struct {
	at  []int
	sum []int // before at
}

// runningSum adds up what value says, in the order of at.
func runningSum(calls []Call[CounterOp, int], at func(c Call[CounterOp, int]) int, value func(int) int) running {
	type add struct{ at, value int }
	adds := make([]add, 0, len(calls))
	for _, c := range calls {
		if a := (add{at(c), value(c.In.Value)}); c.In.F == "add" && a.at != Never && a.value != 0 {
			adds = append(adds, a)
		}
	}
	slices.SortFunc(adds, func(a, b add) int { return a.at - b.at })
	r := running{at: make([]int, len(adds)), sum: make([]int, len(adds)+1)}
	for i, a := range adds {
		r.at[i] = a.at
		r.sum[i+1] = r.sum[i] + a.value
	}
	return r
}

func (r running) before(at int) int {
	i, _ := slices.BinarySearch(r.at, at)
	return r.sum[i]
}

// counterBounds finds a read that is out of its bounds.
func counterBounds(calls []Call[CounterOp, int]) Decision {
	called := func(c Call[CounterOp, int]) int { return c.Invoked }
	returned := func(c Call[CounterOp, int]) int { return c.Returned }
	positive := func(v int) int { return max(v, 0) }
	negative := func(v int) int { return min(v, 0) }
	upBegun, upDone := runningSum(calls, called, positive), runningSum(calls, returned, positive)
	downBegun, downDone := runningSum(calls, called, negative), runningSum(calls, returned, negative)
	for _, r := range counterReads(calls) {
		c := calls[r]
		low := upDone.before(c.Invoked) + downBegun.before(c.Returned)
		high := upBegun.before(c.Returned) + downDone.before(c.Invoked)
		if c.Out < low || c.Out > high {
			return Violated("but what was added makes "+between(low, high), outOfBounds(calls, r, low)...)
		}
	}
	return Satisfied
}

// outOfBounds returns a read that is out of its bounds with few calls that show it:
// if it saw too little, the adds that had certainly added more, and all that may
// have taken away; if it saw too much, the contrary. A read of what can't be had by any
// adds is shown alone, and so is one for which there would be too many.
func outOfBounds(calls []Call[CounterOp, int], read, low int) []int {
	const most = 200
	sign := 1
	if calls[read].Out >= low {
		sign = -1
	}
	bad, sum := []int{read}, 0
	var certain []int
	for i, c := range calls {
		switch v := sign * c.In.Value; {
		case c.In.F != "add":
		case v < 0 && c.Invoked < calls[read].Returned:
			bad, sum = append(bad, i), sum+v
		case v > 0 && c.Returned < calls[read].Invoked:
			certain = append(certain, i)
		}
	}
	saw := sign * calls[read].Out
	if saw < sum {
		return bad[:1]
	}
	sort.SliceStable(certain, func(i, j int) bool {
		return sign*calls[certain[i]].In.Value > sign*calls[certain[j]].In.Value
	})
	for _, i := range certain {
		if sum > saw {
			break
		}
		bad, sum = append(bad, i), sum+sign*calls[i].In.Value
	}
	if len(bad) > most && saw != 0 {
		return bad[:1]
	}
	return bad
}

// monotonicReads finds two reads one after the other of which the second one went back.
func monotonicReads(calls []Call[CounterOp, int], up bool) Decision {
	reads := counterReads(calls)
	ended := slices.Clone(reads)
	sort.Slice(ended, func(i, j int) bool { return calls[ended[i]].Returned < calls[ended[j]].Returned })
	most := -1 // of those that have ended
	for _, r := range reads {
		for len(ended) > 0 && calls[ended[0]].Returned < calls[r].Invoked {
			if v := calls[ended[0]].Out; most < 0 || up == (v > calls[most].Out) {
				most = ended[0]
			}
			ended = ended[1:]
		}
		if most >= 0 && calls[most].Out != calls[r].Out && up == (calls[most].Out > calls[r].Out) {
			return Violated(fmt.Sprintf("but %d had been read before that began", calls[most].Out), r, most)
		}
	}
	return Satisfied
}

// A deadlineHeap is the returns of pending adds, the first at the top.
type deadlineHeap []int

func (h deadlineHeap) Len() int           { return len(h) }
func (h deadlineHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h deadlineHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *deadlineHeap) Push(v any)        { *h = append(*h, v.(int)) }
func (h *deadlineHeap) Pop() any {
	v := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return v
}

// countUnits decides where every add adds the same unit.
func countUnits(calls []Call[CounterOp, int], unit int) Decision {
	ahead := map[int]int{} // by count: the reads of it that have not begun
	var all []moment
	for i, c := range calls {
		if c.In.F == "add" && c.In.Value == 0 || c.In.F == "read" && !c.Known {
			continue
		}
		all = append(all, moment{c.Invoked, int32(i), false})
		if c.Known {
			all = append(all, moment{c.Returned, int32(i), true})
		}
		if c.In.F == "read" {
			if c.Out%unit != 0 {
				return Violated(fmt.Sprintf("but every add adds %d", unit), i)
			}
			ahead[c.Out/unit]++
		}
	}
	slices.SortFunc(all, func(a, b moment) int { return a.at - b.at })
	open, count := deadlineHeap{}, 0
	for _, e := range all {
		c := calls[e.op]
		to := count
		switch {
		case c.In.F == "add" && !e.ret:
			heap.Push(&open, c.Returned)
		case c.In.F == "add" && len(open) > 0 && open[0] == c.Returned:
			to = count + 1
		case c.In.F == "read" && !e.ret:
			ahead[c.Out/unit]--
		case c.In.F == "read":
			to = max(count, c.Out/unit)
		}
		for ; count < to; count++ {
			if ahead[count] > 0 {
				return Violated("but more had been added by then", upTo(calls, later(calls, e.at, unit*count), e.at)...)
			} else if len(open) == 0 {
				return Violated("but less can have been added by then", upTo(calls, int(e.op), e.at)...)
			}
			heap.Pop(&open)
		}
	}
	return Satisfied
}

// later returns the first read of v that began after an instant.
func later(calls []Call[CounterOp, int], at, v int) int {
	return slices.IndexFunc(calls, func(c Call[CounterOp, int]) bool {
		return c.In.F == "read" && c.Known && c.Out == v && c.Invoked > at
	})
}

// upTo returns a call, and those that were invoked before an instant.
func upTo(calls []Call[CounterOp, int], read, at int) []int {
	bad := []int{read}
	for i, c := range calls {
		if c.Invoked < at && i != read {
			bad = append(bad, i)
		}
	}
	return bad
}

// between says where a number may lie.
func between(low, high int) string {
	if low == high {
		return strconv.Itoa(low)
	}
	return fmt.Sprintf("at least %d, and at most %d", low, high)
}
