package graph

// tries is from how many edges a search for a short cycle begins, at most; effort how many states it looks at after it has found one.
const (
	tries  = 64
	effort = 4 << 20
)

// ShortCycle returns a cycle that the walk allows and that has an edge of a kind in through: the shortest of those through up to 64
// edges, taken evenly from all that lie on one. It is nil if there is none. Cycles of two nodes are always found first. c are the
// components of the same walk.
func (g *Graph) ShortCycle(w Walk, through uint8, c *Components) []Edge {
	if c.Cyclic == 0 {
		return nil
	}
	starts, pair := g.starts(w, through, c)
	if pair != nil || len(starts) == 0 {
		return pair
	}
	s := newSearcher(g, w, c)
	var best []Edge
	for _, at := range starts {
		if cycle := s.through(at, len(best)); cycle != nil {
			best = simple(w, cycle)
		}
		if len(best) > 0 && (len(best) <= 2 || s.looked > effort) {
			break
		}
	}
	return best
}

// A start is an edge, taken from a state, on some cycle.
type start struct {
	from int32 // state
	edge int32
	to   int32 // state
}

// starts returns up to 64 edges that lie on cycles. If two of them make a cycle of two nodes, it returns that instead.
func (g *Graph) starts(w Walk, through uint8, c *Components) (starts []start, pair []Edge) {
	count, keep := 0, 1
	for state := range int32(g.states(w)) {
		n, late := g.node(state)
		if n >= int32(g.Real) { // what goes through a helper goes through an edge from a node that is none
			continue
		}
		for i := g.First[n]; i < g.First[n+1]; i++ {
			to, ok := g.step(w, i, late)
			if !ok || !c.Within(state, to) {
				continue
			}
			if g.To[i] < int32(g.Real) {
				if back := g.back(w, n, to); (back|g.Kind[i])&through != 0 && back != 0 {
					return nil, []Edge{{n, g.To[i], g.Kind[i]}, {g.To[i], n, back}}
				}
			}
			if g.Kind[i]&through == 0 {
				continue
			}
			if count++; count%keep == 0 {
				starts = append(starts, start{state, i, to})
			}
			if len(starts) == 2*tries { // keep every second of those so far, and half as many from now on
				for j := range tries {
					starts[j] = starts[2*j+1]
				}
				starts, keep = starts[:tries], 2*keep
			}
		}
	}
	if len(starts) > tries {
		starts = starts[:tries]
	}
	return starts, nil
}

// back returns the kind of an edge from a state's node to a node directly, or 0. It is none after which a strict edge must not follow.
func (g *Graph) back(w Walk, node, state int32) uint8 {
	n, late := g.node(state)
	mask := w.Mask &^ w.Late
	if late {
		mask &^= w.Strict
	}
	return g.direct(n, node, mask)
}

// A searcher searches in breadth for the shortest ways within a component.
type searcher struct {
	g      *Graph
	w      Walk
	c      *Components
	seen   []int32 // by state: the number of the search that saw it
	by     []int32 // edge by which it was come to
	prev   []int32 // state before it
	search int32
	looked int
	now    []int32
	next   []int32
}

func newSearcher(g *Graph, w Walk, c *Components) *searcher {
	n := g.states(w)
	return &searcher{g: g, w: w, c: c, seen: make([]int32, n), by: make([]int32, n), prev: make([]int32, n)}
}

// through returns the shortest cycle through an edge, or nil if it is no shorter than limit; 0 is no limit.
func (s *searcher) through(at start, limit int) []Edge {
	home, _ := s.g.node(at.from)
	strict := s.g.Kind[at.edge]&s.w.Strict != 0
	depth := 1
	if home >= int32(s.g.Real) {
		depth = 0
	}
	end := s.way(at.to, depth, limit, func(state int32) bool {
		n, late := s.g.node(state)
		return n == home && !(late && strict)
	})
	if end < 0 {
		return nil
	}
	return s.collapse(append(s.path(at.to, end), s.edge(at.edge, at.from)))
}

// way searches from a state for one that is the goal. Helpers have no length: they are looked at as soon as they are come to.
func (s *searcher) way(from int32, depth, limit int, goal func(int32) bool) int32 {
	s.search++
	s.seen[from] = s.search
	s.now, s.next = append(s.now[:0], from), s.next[:0]
	comp := int32(-1)
	if s.c != nil {
		comp = s.c.Of[from]
	}
	for ; len(s.now) > 0 && (limit == 0 || depth < limit); depth++ {
		for len(s.now) > 0 {
			v := s.now[len(s.now)-1]
			s.now = s.now[:len(s.now)-1]
			s.looked++
			if goal(v) {
				return v
			}
			n, late := s.g.node(v)
			for i := s.g.First[n]; i < s.g.First[n+1]; i++ {
				to, ok := s.g.step(s.w, i, late)
				if !ok || s.c != nil && s.c.Of[to] != comp || s.seen[to] == s.search {
					continue
				}
				s.seen[to], s.by[to], s.prev[to] = s.search, i, v
				if s.g.To[i] >= int32(s.g.Real) {
					s.now = append(s.now, to)
				} else {
					s.next = append(s.next, to)
				}
			}
		}
		s.now, s.next = s.next, s.now[:0]
	}
	return -1
}

func (s *searcher) edge(i, from int32) Edge {
	n, _ := s.g.node(from)
	return Edge{n, s.g.To[i], s.g.Kind[i]}
}

// path returns the edges of the last search from a state to another, backwards.
func (s *searcher) path(from, to int32) []Edge {
	var back []Edge
	for v := to; v != from; v = s.prev[v] {
		back = append(back, s.edge(s.by[v], s.prev[v]))
	}
	for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
		back[i], back[j] = back[j], back[i]
	}
	return back
}

// collapse leaves the helpers of a cycle out. The edge that remains has the kind of the first of those that it stands for.
func (s *searcher) collapse(cycle []Edge) []Edge {
	first := 0
	for first < len(cycle) && cycle[first].From >= int32(s.g.Real) {
		first++
	}
	var out []Edge
	for i := range cycle {
		e := cycle[(first+i)%len(cycle)]
		if e.From < int32(s.g.Real) {
			out = append(out, e)
		} else {
			out[len(out)-1].To = e.To
		}
	}
	return out
}

// simple returns a cycle without the parts that lead back to a node they have passed. Of a closed walk that passes a node twice,
// each half is a closed walk; it is one that the search allows if no strict edge follows a late one where it closes.
func simple(w Walk, cycle []Edge) []Edge {
	at := map[int32]int{}
	for j, e := range cycle {
		i, ok := at[e.From]
		if !ok {
			at[e.From] = j
			continue
		}
		if part := cycle[i:j]; allowed(w, part) {
			return simple(w, append([]Edge(nil), part...))
		}
		rest := append(append([]Edge(nil), cycle[:i]...), cycle[j:]...)
		return simple(w, rest)
	}
	return cycle
}

func allowed(w Walk, cycle []Edge) bool {
	for i, e := range cycle {
		if e.Kind&w.Late != 0 && cycle[(i+1)%len(cycle)].Kind&w.Strict != 0 {
			return false
		}
	}
	return true
}
