package model

import (
	"cmp"
	"slices"
	"sort"
)

// A lifo decides whether calls on a stack are linearizable, if all values that were
// pushed differ, in O(n log n). It removes values one by one, as in Lee and
// Mathur, Efficient Decrease-and-Conquer Linearizability Monitoring (2025):
//
//   - A value that may have been popped at once when it was pushed does not constrain
//     others. Any other is certainly present between the end of its push and the start of
//     its pop.
//   - Where no value is certainly present, the stack may have been empty. What is
//     before and what is after are judged apart.
//   - In a run, at each instant of which some value is present, one is at the bottom all the time:
//     its push may begin before the run, and its pop may end
//     after it. If there is none, that is a violation. Any such value
//     does not constrain the others, which are judged without it.
//   - A pop that found nothing needs an instant at which no value is certainly present.
type lifo struct {
	by      []element // those certainly present at some time, in the order of their pushes' ends
	removed []bool
	asked   []int32 // by, in the order of their pushes' starts
	at      []int   // where intervals begin: the ends of pushes, and the starts of pops
	depth   *intervalDepths
	latest  *maxTree
}

// decideStack is the decision procedure of [Stack].
func decideStack(of Calls[StackOp, int]) Decision {
	calls := of.All()
	c, f := contentsOf(calls, stackRole)
	if !f.Decided || f.Conflict != nil {
		return f
	}
	return c.eitherWay(func(elements []element) Decision {
		s := newLIFO(elements)
		if f := s.findBottoms(); f.Conflict != nil {
			return f
		}
		return c.neverEmpty(s.by)
	})
}

// newLIFO numbers the intervals, and counts the values in each.
func newLIFO(elements []element) *lifo {
	s := &lifo{}
	for _, e := range elements {
		if e.in < e.asked {
			s.by = append(s.by, e)
			s.at = append(s.at, e.in, e.asked)
		}
	}
	slices.SortFunc(s.by, byPut)
	slices.Sort(s.at)
	s.at = slices.Compact(s.at)
	s.removed = make([]bool, len(s.by))
	s.asked = make([]int32, len(s.by))
	for i := range s.asked {
		s.asked[i] = int32(i)
	}
	slices.SortFunc(s.asked, func(a, b int32) int { return cmp.Compare(s.by[a].called, s.by[b].called) })
	deep := make([]int32, len(s.at)+1)
	for _, e := range s.by {
		deep[s.number(e.in)]++
		deep[s.number(e.asked)]--
	}
	for i := 1; i < len(deep); i++ {
		deep[i] += deep[i-1]
	}
	s.depth, s.latest = newIntervalDepths(deep), newMaxTree(len(s.by))
	return s
}

func (s *lifo) number(at int) int {
	i, _ := slices.BinarySearch(s.at, at)
	return i
}

// A run is consecutive intervals, in numbers: from:to.
type run struct{ from, to int }

// findBottoms removes the value at the bottom of each run, until no value is left. It takes
// runs in the order of their starts, so that a push that was invoked by the
// start of one was by the start of all that follow.
func (s *lifo) findBottoms() Decision {
	left := s.filled(run{0, len(s.at)}, nil)
	for begun := 0; len(left) > 0; {
		now := left[len(left)-1]
		left = left[:len(left)-1]
		from, to := s.at[now.from], s.at[now.to]
		for ; begun < len(s.asked) && s.by[s.asked[begun]].called < from; begun++ {
			i := int(s.asked[begun])
			s.latest.set(i, s.by[i].taken)
		}
		low := sort.Search(len(s.by), func(i int) bool { return s.by[i].in >= from })
		high := sort.Search(len(s.by), func(i int) bool { return s.by[i].in >= to })
		i := s.latest.highest(low, high)
		if i < 0 || s.by[i].taken < to {
			return s.noBottom(low, high, from, to)
		}
		s.removed[i] = true
		s.latest.set(i, 0)
		s.depth.take(s.number(s.by[i].in), s.number(s.by[i].asked))
		left = s.filled(now, left)
	}
	return Satisfied
}

// filled appends the runs in which some value is always present, the first
// one last.
func (s *lifo) filled(within run, all []run) []run {
	first := len(all)
	for from := within.from; from < within.to; {
		to := s.depth.firstZero(from, within.to)
		if to > from {
			all = append(all, run{from, to})
		}
		from = to + 1
	}
	slices.Reverse(all[first:])
	return all
}

// noBottom is the violation of a run in which no value may be at the bottom. It shows the
// fewest values that cover the run.
func (s *lifo) noBottom(low, high, from, to int) Decision {
	var there []element
	for i := low; i < high; i++ {
		if !s.removed[i] {
			there = append(there, s.by[i])
		}
	}
	few := cover(there, from+1, to)
	reason := "though the stack was never empty from its push until another value was popped that was pushed later"
	switch last := few[len(few)-1]; {
	case len(few) > 2:
	case last.take < 0:
		reason = "though another was pushed on top of it, and was never popped"
	default:
		reason = "though another was pushed on top of it, and was popped later"
	}
	return Violated(reason, callsOf(few, few[0].take)...)
}

// The intervalDepths count the values present in each interval, and find one with
// none: a segment tree of minima, in which each node counts apart what was subtracted from all of
// its intervals.
type intervalDepths struct {
	size  int
	least []int32
	taken []int32
}

// newIntervalDepths returns the tree of these depths.
func newIntervalDepths(deep []int32) *intervalDepths {
	l := &intervalDepths{size: 1}
	for l.size < len(deep) {
		l.size *= 2
	}
	l.least, l.taken = make([]int32, 2*l.size), make([]int32, 2*l.size)
	copy(l.least[l.size:], deep)
	for i := l.size - 1; i > 0; i-- {
		l.least[i] = min(l.least[2*i], l.least[2*i+1])
	}
	return l
}

// take subtracts one value in the intervals from:to.
func (l *intervalDepths) take(from, to int) { l.takeAt(1, 0, l.size, from, to) }

// takeAt is take below a node, which has the intervals low:high.
func (l *intervalDepths) takeAt(node, low, high, from, to int) {
	switch mid := (low + high) / 2; {
	case to <= low || high <= from:
	case from <= low && high <= to:
		l.least[node]--
		l.taken[node]++
	default:
		l.takeAt(2*node, low, mid, from, to)
		l.takeAt(2*node+1, mid, high, from, to)
		l.least[node] = min(l.least[2*node], l.least[2*node+1]) - l.taken[node]
	}
}

// firstZero returns the first interval of from:to without a value, or to.
func (l *intervalDepths) firstZero(from, to int) int {
	if i := l.firstZeroAt(1, 0, l.size, from, to, 0); i >= 0 {
		return i
	}
	return to
}

// firstZeroAt is firstZero below a node, of whose intervals its ancestors have subtracted gone; -1 if there is none.
func (l *intervalDepths) firstZeroAt(node, low, high, from, to int, gone int32) int {
	if to <= low || high <= from || l.least[node] > gone {
		return -1
	}
	if high-low == 1 {
		return low
	}
	mid, gone := (low+high)/2, gone+l.taken[node]
	if i := l.firstZeroAt(2*node, low, mid, from, to, gone); i >= 0 {
		return i
	}
	return l.firstZeroAt(2*node+1, mid, high, from, to, gone)
}

// A maxTree has numbers, 0 at first, and finds the highest in a range: a segment tree of
// maxima.
type maxTree struct {
	size int
	of   []int
}

func newMaxTree(n int) *maxTree {
	p := &maxTree{size: 1}
	for p.size < n {
		p.size *= 2
	}
	p.of = make([]int, 2*p.size)
	return p
}

func (p *maxTree) set(i, to int) {
	i += p.size
	p.of[i] = to
	for i /= 2; i > 0; i /= 2 {
		p.of[i] = max(p.of[2*i], p.of[2*i+1])
	}
}

// highest returns the index of the highest number in a range, or -1 if all are 0.
func (p *maxTree) highest(from, to int) int {
	best := 0
	for l, h := from+p.size, to+p.size; l < h; l, h = l/2, h/2 {
		if l%2 == 1 {
			best = p.higher(best, l)
			l++
		}
		if h%2 == 1 {
			h--
			best = p.higher(best, h)
		}
	}
	if best == 0 {
		return -1
	}
	for best < p.size {
		if best *= 2; p.of[best] < p.of[best+1] {
			best++
		}
	}
	return best - p.size
}

func (p *maxTree) higher(a, b int) int {
	if p.of[b] > p.of[a] {
		return b
	}
	return a
}
