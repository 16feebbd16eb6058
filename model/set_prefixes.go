package model

import (
	"slices"
	"sort"
)

// The levels are an order of calls in groups: no call of a group may come before one
// of an earlier group. Within a group, any order is right.
type levels struct {
	latest int // instant of the last invocation so far
	by     int // the call of it
}

// before returns a call of an earlier group that was invoked after ret, the return of a call of
// this group, or -1.
func (l levels) before(ret int) int {
	if ret > l.latest {
		return -1
	}
	return l.by
}

// raise ends a group.
func raise[In, Out any](l *levels, calls []Call[In, Out], group []int) {
	for _, i := range group {
		if calls[i].Invoked > l.latest {
			l.latest, l.by = calls[i].Invoked, i
		}
	}
}

// A view is a read of the whole set.
type view struct {
	read int
	size int
}

// decideGrowing decides whether calls on a set are linearizable, if there are no
// remove and no contains. Then the sets that reads saw must
// contain one another, which determines the order: what the smallest shows was added
// first, then it was read, then what the next shows was added, and so on. That order is
// compared with real time in one pass. The cost is linear in the size of all that
// was read, except for sorting.
//
// Of several adds of an element, at least one must take effect before it is
// seen, and none before a read that lacks it. An indeterminate add
// that no read shows is left out.
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
	g := growth{calls: calls, adds: adds, firstRead: map[int]int{}, levels: levels{latest: -1, by: -1}}
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
	return g.addsAfterReads()
}

// A growth is the state of [decideGrowing].
type growth struct {
	calls     []Call[SetOp, []int]
	adds      map[int][]int // by element
	firstRead map[int]int   // the first read of each element that was seen
	last      []int         // the elements of the last read, each once
	levels    levels
}

// contained reports whether a read shows each element once, and all elements of a read
// of a smaller set, and of one as large.
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
			return g.incomparable(read, like)
		}
	}
	return Satisfied
}

// missing is the violation of a read that lacks an element which a smaller one shows.
func (g *growth) missing(read, v int) Decision { return g.incomparable(read, g.firstRead[v]) }

// incomparable is the violation of two reads that each lack an element of the other.
func (g *growth) incomparable(a, b int) Decision {
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

// grow adds two groups: the adds of the new elements of a read, and then the reads of that size.
func (g *growth) grow(first int, reads []view) Decision {
	var group []int
	for _, v := range g.calls[first].Out {
		if _, old := g.firstRead[v]; old {
			continue
		}
		g.firstRead[v] = first
		add := g.adds[v][0] // its invocation is the earliest
		for _, i := range g.adds[v] {
			if by := g.levels.before(g.calls[i].Returned); by >= 0 {
				return g.late(by, i)
			}
		}
		group = append(group, add)
	}
	raise(&g.levels, g.calls, group)
	g.last = g.calls[first].Out
	var seen []int
	for _, v := range reads {
		if by := g.levels.before(g.calls[v.read].Returned); by >= 0 {
			return g.early(v.read, by)
		}
		seen = append(seen, v.read)
	}
	raise(&g.levels, g.calls, seen)
	return Satisfied
}

// early is the violation of a read that returned before the invocation of a call that must come
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

// addsAfterReads decides the adds of elements that no read shows: they come after all reads.
func (g *growth) addsAfterReads() Decision {
	for i, c := range g.calls {
		if c.In.F != "add" || !c.Known {
			continue
		}
		if _, seen := g.firstRead[c.In.Value]; seen {
			continue
		}
		if by := g.levels.before(c.Returned); by >= 0 {
			return g.late(by, i)
		}
	}
	return Satisfied
}

// late is the violation of an add that returned before the invocation of a call that must come
// before it: a read that lacks its element, or an add of what such a read shows.
func (g *growth) late(by, add int) Decision {
	if g.calls[by].In.F == "add" {
		return Violated("which lacks an element that had been added before one that it shows", g.firstRead[g.calls[by].In.Value], by, add)
	}
	return Violated("which lacks an element that had been added before", by, add)
}
