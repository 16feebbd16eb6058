package model

import (
	"cmp"
	"slices"
	"sort"
)

// A lifo decides whether calls on a stack are linearizable, if all values that were
// pushed differ, in O(n log n). It takes values away one by one, as in Lee and
// Mathur, Efficient Decrease-and-Conquer Linearizability Monitoring (2025):
//
//   - A value that may have been popped at once when it was pushed says nothing of
//     others. Any other is certainly there between the end of its push and the start of
//     its pop.
//   - Where no value is certainly there, the stack may as well have been empty. What went
//     before and what came later are judged apart.
//   - All through a stretch in which some value is always there, one lies at the bottom:
//     it was pushed before any other need have been, and popped after all others
//     may have been. If there is none, that is a violation. If there is one, whichever it
//     is, it says nothing of the others, which are judged without it.
//   - A pop that found nothing needs an instant at which no value is certainly there.
type lifo struct {
	by      []element // those that are certainly there at some time, in the order of their pushes' ends
	removed []bool
	asked   []int32 // by, in the order of their pushes' starts
	at      []int   // where stretches begin: the ends of pushes, and the starts of pops
	depth   *intervalDepths
	latest  *maxTree
}

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

// A run is stretches that follow each other, in numbers: from the one to before the other.
type run struct{ from, to int }

// findBottoms finds what lies at the bottom in each stretch, again and again. It takes
// stretches in the order of their starts, so that a value that was asked for by the
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

// filled appends the stretches in which some value is always there, the first
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

// noBottom words the violation of a stretch in which no value may lie at the bottom: as few
// values as are always there will do.
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

// Layers count how many values are there in each stretch, and find one in which
// there is none: a tree of minima, in which each node counts what was taken from all of
// it apart.
type intervalDepths struct {
	size  int
	least []int32
	taken []int32
}

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

// take takes one value away in the stretches from the one to before the other.
func (l *intervalDepths) take(from, to int) { l.takeAt(1, 0, l.size, from, to) }

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

// firstZero returns the first stretch in a range in which there is no value, or the end of the
// range.
func (l *intervalDepths) firstZero(from, to int) int {
	if i := l.firstZeroAt(1, 0, l.size, from, to, 0); i >= 0 {
		return i
	}
	return to
}

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

// Peaks are numbers, 0 at first, of which the highest in a range is found: a tree of
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

// highest returns where the highest number in a range stands, or -1 if all are 0.
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
