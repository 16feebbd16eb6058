package polygraph

import "slices"

// bitsets are sets of nodes, one for each node.
type bitsets struct {
	words int
	all   []uint64
}

func newBitsets(n int) *bitsets {
	b := &bitsets{words: (n + 63) / 64}
	b.all = make([]uint64, n*b.words)
	return b
}

func (b *bitsets) of(v int32) []uint64 { return b.all[int(v)*b.words : int(v+1)*b.words] }

func has(set []uint64, v int32) bool { return set[v>>6]>>(v&63)&1 != 0 }
func put(set []uint64, v int32)      { set[v>>6] |= 1 << (v & 63) }

func join(set, other []uint64) {
	for i, w := range other {
		set[i] |= w
	}
}

// A saturation forces the sides of choices whose other side would close a cycle.
type saturation struct {
	s             *solver
	before, after *bitsets // the nodes that reach each node, and those that it reaches
	acc           []uint64
	found         []int32
}

// saturate forces sides until nothing changes. It returns a clause that fails, or -1, and then an answer if the order as it is is one.
func (s *solver) saturate() (int32, *Answer) {
	t := &saturation{s: s, before: newBitsets(s.p.Nodes)}
	if len(s.p.Spans) > 0 {
		t.after = newBitsets(s.p.Nodes)
	}
	t.acc = make([]uint64, t.before.words)
	for {
		t.close()
		if c := t.closedRW(); c >= 0 {
			return c, nil
		}
		n := len(s.trail)
		if c := t.forceChoices(); c >= 0 {
			return c, nil
		}
		t.forceSpans()
		if s.steps > s.p.Steps {
			return -1, nil
		}
		if len(s.trail) == n {
			if s.p.Theory == Single {
				return -1, t.settle()
			}
			return -1, nil
		}
		if c := s.replace(); c >= 0 {
			return c, nil
		}
	}
}

// close computes which nodes reach which, in topological order.
func (t *saturation) close() {
	g := t.s.g
	clear(t.before.all)
	for _, v := range g.order {
		t.closeOne(t.before, v, g.in[v], false)
	}
	if t.after == nil {
		return
	}
	clear(t.after.all)
	for i := len(g.order) - 1; i >= 0; i-- {
		t.closeOne(t.after, g.order[i], g.out[g.order[i]], true)
	}
}

// closeOne joins the sets of the neighbours of a node, the nearest first: it has most of the others.
func (t *saturation) closeOne(b *bitsets, v int32, arcs []int32, forward bool) {
	g := t.s.g
	set := b.of(v)
	near := t.found[:0]
	for _, e := range arcs {
		if forward {
			near = append(near, g.arcs[e].to)
		} else {
			near = append(near, g.arcs[e].from)
		}
	}
	slices.SortFunc(near, func(x, y int32) int {
		if forward {
			x, y = y, x
		}
		return int(g.at[y]) - int(g.at[x])
	})
	for _, u := range near {
		if !has(set, u) {
			join(set, b.of(u))
			put(set, u)
			t.s.steps += b.words/64 + 1
		}
	}
	t.found = near
}

// closedRW returns a clause that fails if an RW arc closes a cycle with the others; else -1. It is for a theory that keeps those apart.
func (t *saturation) closedRW() int32 {
	i := t.firstRW()
	if i < 0 {
		return -1
	}
	g := t.s.g
	return t.s.lemma(append(g.closing(g.arcs[i], len(g.arcs)), i), known)
}

// firstRW returns the first RW arc, if those are kept apart, that leads back to where the others come from; else -1.
func (t *saturation) firstRW() int32 {
	for i, a := range t.s.g.arcs {
		if t.s.g.apart(a) && has(t.before.of(a.from), a.to) {
			return int32(i)
		}
	}
	return -1
}

const (
	settleRounds = 64 // how often an order is tried, each time with some of what was wrong the time before the other way round
	settleCycles = 32 // of how many cycles a choice is reversed each time
)

// settle takes of each choice that is open the side that the order keeps, if a theory keeps RW arcs apart: it returns the answer if no RW
// arc closes a cycle then. Where one does, a side that the cycle is made of is taken the other way round the next time.
func (t *saturation) settle() *Answer {
	s := t.s
	var hints []arc
	for range settleRounds {
		n := int32(len(s.g.arcs))
		for _, a := range hints {
			s.g.append(a)
		}
		order, cycle := s.g.sortedAgain()
		if cycle != nil || s.steps > s.p.Steps {
			s.g.cut(n)
			return nil
		}
		s.g.place(order)
		a := t.byOrder()
		var more []arc
		wrong := false
		if a != nil {
			t.close()
			more, wrong = t.reversed()
		}
		s.g.cut(n)
		switch {
		case a == nil:
			return nil
		case !wrong:
			a.Steps = s.steps + s.g.steps
			return a
		case len(more) == 0:
			return nil
		default:
			hints = append(hints, more...)
		}
	}
	return nil
}

// byOrder appends the arcs of the sides that the order keeps, and returns these as an answer; nil if it keeps neither side of a choice.
func (t *saturation) byOrder() *Answer {
	s, a := t.s, &Answer{Verdict: Yes}
	for v := range int32(len(s.p.Choices)) {
		inA := s.value[v] == 1
		if s.value[v] == 0 {
			lit := 2 * v
			if inA = s.fits(lit); !inA {
				lit++
			}
			if !s.fits(lit) {
				return nil
			}
			for _, x := range s.side(lit) {
				s.g.append(x)
			}
		}
		a.Taken = append(a.Taken, inA)
	}
	return a
}

// reversed reports whether RW arcs close cycles, and returns for some of them the other way round of what the order is least sure of: of the choices
// on the cycle that are open, the one whose arc spans the least of the order.
func (t *saturation) reversed() (arcs []arc, wrong bool) {
	s, g := t.s, t.s.g
	done := map[int32]bool{}
	for i, a := range g.arcs {
		if !g.apart(a) || !has(t.before.of(a.from), a.to) {
			continue
		}
		wrong = true
		if len(done) == settleCycles {
			break
		}
		best, least := int32(known), int32(0)
		for _, e := range append(g.closing(a, len(g.arcs)), int32(i)) {
			lit := g.arcs[e].why
			if lit == known || s.value[lit/2] != 0 {
				continue
			}
			first := s.side(lit)[0]
			if span := g.at[first.to] - g.at[first.from]; best == known || span < least {
				best, least = lit, span
			}
		}
		if best == known || done[best] {
			continue
		}
		done[best] = true
		for _, x := range s.side(best ^ 1) {
			if !x.rw {
				arcs = append(arcs, x)
			}
		}
	}
	return arcs, wrong
}

// closes reports whether a side has an edge against the known order.
func (t *saturation) closes(lit int32) bool {
	for _, a := range t.s.side(lit) {
		if has(t.before.of(a.from), a.to) || a.from == a.to && !t.s.g.apart(a) {
			return true
		}
	}
	return false
}

func (t *saturation) forceChoices() int32 {
	s := t.s
	for v := range int32(len(s.p.Choices)) {
		if s.value[v] != 0 {
			continue
		}
		a, b := t.closes(2*v), t.closes(2*v+1)
		s.steps++
		switch {
		case a && b:
			s.force(2 * v)
			return s.lemma(s.pathOf(2*v, len(s.g.arcs)), 2*v)
		case a:
			s.force(2*v + 1)
		case b:
			s.force(2 * v)
		}
	}
	return -1
}

// force sets a literal at level 0, since its other side closes a cycle with the arcs as they are.
func (s *solver) force(lit int32) {
	s.since[lit/2] = int32(len(s.g.arcs))
	s.set(lit, forced)
	s.arcs[len(s.arcs)-1] = int32(len(s.g.arcs))
	s.head = len(s.trail)
	for _, a := range s.side(lit) {
		s.g.append(a) // replace and closedRW find the cycles of all
	}
}

// forceSpans forces points of spans to one side. Of several that are forced, those that follow from others are left out.
func (t *saturation) forceSpans() {
	for i, sp := range t.s.p.Spans {
		points := t.s.p.Points[sp.Key]
		t.s.steps += len(points)/128 + 1
		from, to := t.before.of(sp.From), t.before.of(sp.To)
		t.found = t.found[:0]
		for j, v := range points {
			if has(to, v.First) && !has(from, v.Last) && int32(j) != sp.Own {
				t.found = append(t.found, int32(j))
			}
		}
		t.force(int32(i), points, true)
		from, to = t.after.of(sp.From), t.after.of(sp.To)
		t.found = t.found[:0]
		for j, v := range points {
			if has(from, v.Last) && !has(to, v.First) && int32(j) != sp.Own {
				t.found = append(t.found, int32(j))
			}
		}
		t.force(int32(i), points, false)
	}
}

// force puts the points that were found before a span, or after it.
func (t *saturation) force(span int32, points []Point, before bool) {
	if len(t.found) == 0 {
		return
	}
	at := t.s.g.at
	slices.SortFunc(t.found, func(a, b int32) int {
		if before {
			return int(at[points[b].Last]) - int(at[points[a].Last])
		}
		return int(at[points[a].First]) - int(at[points[b].First])
	})
	clear(t.acc)
	for _, j := range t.found {
		end, sets := points[j].Last, t.before
		if !before {
			end, sets = points[j].First, t.after
		}
		if has(t.acc, end) || t.s.has[breach{span, j}] {
			continue
		}
		join(t.acc, sets.of(end))
		put(t.acc, end)
		lit := 2 * t.s.addBreach(breach{span, j})
		if !before {
			lit++
		}
		t.s.force(lit)
	}
}

// replace sorts the graph anew after arcs were added without regard to the order. It returns a clause that fails, or -1.
func (s *solver) replace() int32 {
	order, cycle := s.g.sortedAgain()
	if cycle == nil {
		s.g.place(order)
		return -1
	}
	return s.lemma(s.shortCycle(cycle), known)
}

func (g *graph) sortedAgain() (order, cycle []int32) {
	c := csr{start: make([]int32, len(g.out)+1)}
	for v, in := range g.in {
		c.start[v+1] = c.start[v] + int32(len(in))
		for _, e := range in {
			c.from = append(c.from, g.arcs[e].from)
		}
	}
	return c.sorted(g.order)
}

// shortCycle returns the arcs of a short cycle through one of the nodes of a cycle.
func (s *solver) shortCycle(nodes []int32) []int32 {
	var best []int32
	for i, v := range nodes {
		if i == 16 {
			break
		}
		w := nodes[(i+1)%len(nodes)]
		path := s.g.shortest(w, v, len(s.g.arcs))
		for _, e := range s.g.out[v] {
			if s.g.arcs[e].to == w && (best == nil || len(path)+1 < len(best)) {
				best = append(path, e)
				break
			}
		}
	}
	return best
}

// pathOf returns the arcs before the limit that close a cycle with a side.
func (s *solver) pathOf(lit int32, limit int) []int32 {
	for _, a := range s.side(lit) {
		if a.from == a.to {
			return []int32{}
		}
		if path := s.g.closing(a, limit); path != nil {
			return path
		}
	}
	return nil
}

// closing returns the arcs before the limit of a forbidden cycle with an arc.
func (g *graph) closing(a arc, limit int) []int32 {
	if !g.apart(a) {
		return g.shortest(a.to, a.from, limit)
	}
	g.theory = Acyclic // no RW arc besides this one
	path := g.shortest(a.to, a.from, limit)
	g.theory = Single
	return path
}

// whyForced returns the variables, itself among them, that forced one at level 0.
func (s *solver) whyForced(v int32) []int32 {
	lit := 2 * v
	if s.value[v] == 1 {
		lit++
	}
	vars := []int32{v}
	for _, i := range s.pathOf(lit, int(s.since[v])) {
		if w := s.g.arcs[i].why; w != known {
			vars = append(vars, w/2)
		}
	}
	return vars
}
