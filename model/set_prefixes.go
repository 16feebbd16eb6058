package model

import (
	"slices"
	"sort"
)

// A ladder is an order of calls in groups: no call of a group may come before one
// of a group below. Within a group, any order is right.
type ladder struct {
	latest int // instant of the last invocation so far
	by     int // whose that is
}

// before returns a call that was invoked only after one returned that must not
// come before it, or -1.
func (l ladder) before(ret int) int {
	if ret > l.latest {
		return -1
	}
	return l.by
}

// raise ends a group.
func raise[In, Out any](l *ladder, calls []Call[In, Out], group []int) {
	for _, i := range group {
		if calls[i].Invoked > l.latest {
			l.latest, l.by = calls[i].Invoked, i
		}
	}
}

// A view is a read of all that an object holds.
type view struct {
	read int
	size int
}

// decideGrowing decides whether calls on a set are linearizable, if nothing is
// ever removed, or asked for by itself. Then the sets that reads saw must
// contain one another, and so tell the order: what the smallest shows was added
// first, then it was read, then came what the next shows, and so on. That order is
// compared with real time in one pass. The cost is linear in the size of all that
// was read, but for sorting.
//
// Of several adds of an element, only one need have taken effect before it was
// seen, but none can have before it was not seen. An add of unknown outcome
// that nobody saw may as well not have happened.
func decideGrowing(of Calls[SetOp, []int]) Decision {
	for i := range of.N {
		if f := of.At(i).In.F; f != "add" && f != "read" {
			return Undecided
		}
	}
	calls := of.All()
	adds := map[int][]int{}
	var reads []view
	for i, c := range calls {
		switch {
		case c.In.F == "add":
			adds[c.In.Value] = append(adds[c.In.Value], i)
		case c.Known:
			reads = append(reads, view{i, len(c.Out)})
		}
	}
	sort.SliceStable(reads, func(i, j int) bool { return reads[i].size < reads[j].size })
	g := growth{calls: calls, adds: adds, since: map[int]int{}, ladder: ladder{latest: -1, by: -1}}
	for i := 0; i < len(reads); {
		j := i
		for ; j < len(reads) && reads[j].size == reads[i].size; j++ {
			if f := g.contained(reads[j].read, reads[i].read); f.Conflict != nil {
				return f
			}
		}
		if f := g.grow(reads[i].read, reads[i:j]); f.Conflict != nil {
			return f
		}
		i = j
	}
	return g.unseen()
}

// A growth is the state of decideGrowing.
type growth struct {
	calls  []Call[SetOp, []int]
	adds   map[int][]int // by element
	since  map[int]int   // the first read of each element that was seen
	last   []int         // the elements of the last read, each once
	ladder ladder
}

// contained reports whether a read shows each element once, and all that a read
// of a smaller set, or one as large, showed.
func (g *growth) contained(read, like int) Decision {
	seen := make(map[int]bool, len(g.calls[read].Out))
	for _, v := range g.calls[read].Out {
		if seen[v] {
			return Violated("which shows an element twice", read)
		}
		if seen[v] = true; len(g.adds[v]) == 0 {
			return Violated("which shows an element that was never added", read)
		}
	}
	for _, v := range g.last {
		if !seen[v] {
			return g.missing(read, v)
		}
	}
	if read == like {
		return Satisfied
	}
	for _, v := range g.calls[like].Out {
		if !seen[v] {
			return g.apart(read, like)
		}
	}
	return Satisfied
}

// missing tells of a read that lacks an element which a smaller one shows.
func (g *growth) missing(read, v int) Decision { return g.apart(read, g.since[v]) }

// apart tells of two reads that each lack an element of the other.
func (g *growth) apart(a, b int) Decision {
	lacks := func(a, b int) int {
		for _, v := range g.calls[b].Out {
			if !slices.Contains(g.calls[a].Out, v) {
				return v
			}
		}
		return 0
	}
	bad := []int{a, b}
	for _, v := range []int{lacks(a, b), lacks(b, a)} {
		bad = append(bad, g.adds[v]...)
	}
	return Violated("but another read shows an element that this one lacks, and lacks one that this one shows", bad...)
}

// grow puts the new elements of a read, and then the reads of that size, on top of all
// that came before.
func (g *growth) grow(first int, reads []view) Decision {
	var group []int
	for _, v := range g.calls[first].Out {
		if _, old := g.since[v]; old {
			continue
		}
		g.since[v] = first
		add := g.adds[v][0] // its invocation is the earliest
		for _, i := range g.adds[v] {
			if by := g.ladder.before(g.calls[i].Returned); by >= 0 {
				return g.late(by, i)
			}
		}
		group = append(group, add)
	}
	raise(&g.ladder, g.calls, group)
	g.last = g.calls[first].Out
	var seen []int
	for _, v := range reads {
		if by := g.ladder.before(g.calls[v.read].Returned); by >= 0 {
			return g.early(v.read, by)
		}
		seen = append(seen, v.read)
	}
	raise(&g.ladder, g.calls, seen)
	return Satisfied
}

// early tells of a read that returned before a call was invoked that must come
// before it: an add of what it shows, or a read of less.
func (g *growth) early(read, by int) Decision {
	if g.calls[by].In.F == "add" {
		return Violated("before any call began to add one of its elements", read, by)
	}
	bad := []int{by, read}
	for _, v := range g.calls[read].Out {
		if !slices.Contains(g.calls[by].Out, v) {
			return Violated("though an element that it lacks had been seen before", append(bad, g.adds[v]...)...)
		}
	}
	return Violated("though more had been seen before", bad...)
}

// unseen looks at the elements that no read shows: they came after all reads.
func (g *growth) unseen() Decision {
	for i, c := range g.calls {
		if c.In.F != "add" || !c.Known {
			continue
		}
		if _, seen := g.since[c.In.Value]; seen {
			continue
		}
		if by := g.ladder.before(c.Returned); by >= 0 {
			return g.late(by, i)
		}
	}
	return Satisfied
}

// late tells of an add that returned before a call was invoked that must come
// before it: a read that lacks its element, or an add of what such a read shows.
func (g *growth) late(by, add int) Decision {
	if g.calls[by].In.F == "add" {
		return Violated("which lacks an element that had been added before one that it shows", g.since[g.calls[by].In.Value], by, add)
	}
	return Violated("which lacks an element that had been added before", by, add)
}
