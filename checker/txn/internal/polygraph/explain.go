package polygraph

// How much is spent to make a contradiction small.
const (
	minimalSteps = 5_000_000
	maxCases     = 64
)

// explain makes the needed choices of an answer minimal, and tells what follows from each.
func (p *Problem) explain(a *Answer) {
	m := &minimal{p: p, steps: minimalSteps}
	a.Needed, a.Loose = m.reduce(a.Needed)
	if len(a.Needed) < maxCases {
		p.tell(a)
	}
}

// A minimal finds a small part of choices that can't be kept.
type minimal struct {
	p     *Problem
	steps int
}

// needed returns the choices that a contradiction among the given ones needs. It reports false if they can be kept, or the budget is used up.
func (m *minimal) needed(part []Needed) ([]Needed, bool) {
	if m.steps <= 0 {
		return nil, false
	}
	q := &Problem{Nodes: m.p.Nodes, Known: m.p.Known, Theory: m.p.Theory, First: m.p.First, Steps: m.steps, Dense: -1}
	for _, n := range part {
		q.Choices = append(q.Choices, n.Side)
	}
	m.steps -= len(q.Known)/8 + q.Nodes/8 + 1
	s := newSolver(q)
	a := s.run()
	m.steps -= a.Steps
	if a.Verdict != No {
		return nil, false
	}
	var less []Needed
	for _, n := range a.Needed {
		less = append(less, part[n.Choice])
	}
	return less, true
}

// reduce drops halves, quarters and at last single choices as long as the rest can't be kept.
func (m *minimal) reduce(part []Needed) (least []Needed, loose bool) {
	for size := (len(part) + 1) / 2; size > 0 && len(part) > 0; {
		dropped := false
		for i := 0; i < len(part); {
			end := min(i+size, len(part))
			rest := append(append([]Needed(nil), part[:i]...), part[end:]...)
			if less, ok := m.needed(rest); ok {
				part, dropped = less, true
				continue
			}
			if m.steps <= 0 {
				return part, true
			}
			i = end
		}
		if size == 1 && !dropped {
			break
		}
		if size > 1 {
			size = min(size/2, max(1, len(part)/2))
		}
	}
	return part, false
}

// tell builds the cases of a contradiction.
func (p *Problem) tell(a *Answer) {
	g := newGraph(p)
	for _, e := range p.Known {
		g.append(arc{from: e.From, to: e.To, why: known, rw: e.RW})
	}
	if len(a.Needed) == 0 {
		a.Cases = g.knownCase(p.Known)
		return
	}
	open := make([]bool, len(a.Needed))
	for i := range open {
		open[i] = true
	}
	left := maxCases
	a.Cases = g.cases(a.Needed, open, &left)
	if left < 0 {
		a.Cases = nil
	}
}

// knownCase finds a shortest cycle of known edges.
func (g *graph) knownCase(edges []Edge) *Case {
	c := &Case{}
	for _, e := range edges {
		if cycle := g.close([]Edge{e}); cycle != nil && (c.Cycle == nil || len(cycle) < len(c.Cycle)) {
			c.Cycle = cycle
		}
	}
	return c
}

// cases finds a cycle, or a choice of which one side closes one, or else takes the first choice that is open.
func (g *graph) cases(needed []Needed, open []bool, left *int) *Case {
	best, closed := -1, 0
	for i, n := range needed {
		if !open[i] {
			continue
		}
		sides := 1
		for _, side := range [][]Edge{n.Side.A, n.Side.B} {
			if g.close(side) != nil {
				sides++
			}
		}
		if sides > closed {
			best, closed = i, sides
		}
	}
	if *left--; best < 0 || *left < 0 {
		*left = -1
		return nil
	}
	open[best] = false
	c := &Case{Need: best, A: g.after(needed[best].Side.A, needed, open, left), B: g.after(needed[best].Side.B, needed, open, left)}
	open[best] = true
	return c
}

// after tells what follows from a side.
func (g *graph) after(side []Edge, needed []Needed, open []bool, left *int) *Case {
	if cycle := g.close(side); cycle != nil {
		return &Case{Cycle: cycle}
	}
	n := int32(len(g.arcs))
	for _, e := range side {
		g.append(arc{from: e.From, to: e.To, why: known, rw: e.RW})
	}
	c := g.cases(needed, open, left)
	g.cut(n)
	return c
}

// close returns a shortest cycle that edges close with the graph, or nil.
func (g *graph) close(side []Edge) []Edge {
	var best []Edge
	n := int32(len(g.arcs))
	for _, e := range side {
		a := arc{from: e.From, to: e.To, why: known, rw: e.RW}
		path := g.closing(a, len(g.arcs))
		if path != nil && (best == nil || len(path)+1 < len(best)) || a.from == a.to && !g.apart(a) {
			best = append([]Edge{e}, g.edges(path)...)
		}
		g.append(a)
	}
	g.cut(n)
	return best
}
