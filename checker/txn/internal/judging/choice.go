package judging

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
)

// What was appended to one key and never read has no known order. For models that forbid all cycles of their edges that makes no
// difference: if there is none, there is none either with the order that any topological one gives. Those that forbid cycles by
// how many rw edges they have, or how many transactions that only read, need an order with which there is none. A choice looks for one.
//
// Only transactions of one strongly connected component can be on a cycle, also if both orders of each two of what was never read are
// edges: what is left to choose falls apart into small pieces that do not depend on each other. The search in each tries an order, and if
// that gives a cycle, it goes on with each of the orders in which one of the chosen edges of that cycle is reversed. It is exact; where
// it takes more than a number of steps, an edge being one, it gives up.

// DefaultSteps is for [txn.Options.Steps] of 0.
const DefaultSteps = 20_000_000

// A choice is a search for an order of what was never read, in one piece of the graph.
type choice struct {
	q      Question
	groups [][]int32 // transactions that appended to one key, by nodes of the piece
	edges  []graph.Edge
	nodes  []int32 // nodes of the whole graph; those that are no helpers come first
	real   int
	rank   []int32
	reader []bool       // by node: it only reads; nil unless the question is about that
	steps  *int         // that are left
	first  []graph.Edge // the first cycle that an order gave
}

// chosen reports whether the order of what was never read makes a difference to a rule.
func chosen(r txn.Rule) bool { return r == txn.RuleSI || r == txn.RuleSingle || r == txn.RuleUpdate }

// tooManyOrders says that a search gave up.
type tooManyOrders struct{ open int }

func (e tooManyOrders) Error() string {
	return fmt.Sprintf("%d appends were never read, and it takes too many steps to find out whether they can be ordered", e.open)
}

// choose reports whether no order of what was never read is free of the cycles that are asked for. The graph without an order has none.
func (d *Deps) choose(q Question, groups [][]int32, steps int) (cyclic bool, err error) {
	left := cmp.Or(steps, DefaultSteps)
	for _, c := range d.pieces(q, groups, &left) {
		switch found, err := c.possible(nil); {
		case err != nil:
			return false, err
		case !found:
			for i, e := range c.first {
				c.first[i].From, c.first[i].To = c.nodes[e.From], c.nodes[e.To]
			}
			d.chosen[q] = c.first
			return true, nil
		}
	}
	return false, nil
}

// pieces cuts the graph into those in which there is something to choose. Each cycle with one rw edge at most is one in which no two
// of them follow on another, so that the components for snapshot isolation do for both rules. Those of writers may have any edges.
func (d *Deps) pieces(q Question, groups [][]int32, steps *int) []*choice {
	parts, nodes := d.parts(q, groups)
	if len(parts) == 0 {
		return nil
	}
	whole := d.whole(WalkOf(txn.RuleAny, q.Also).Mask, nodes)
	n := len(nodes)
	both := append(make([]graph.Edge, 0, len(whole.edges)+2*len(nodes)), whole.edges...)
	for _, g := range parts {
		for i := range g[1:] {
			u, v := whole.at[g[i]], whole.at[g[i+1]]
			both = append(both, graph.Edge{From: u, To: v, Kind: uint8(wwChosen)}, graph.Edge{From: v, To: u, Kind: uint8(wwChosen)})
		}
	}
	rule := txn.RuleSI
	if q.Rule == txn.RuleUpdate {
		rule = txn.RuleAny
	}
	comps := graph.Build(n, whole.real, both).Components(WalkOf(rule, q.Also))
	byComp := map[int32]*choice{}
	for _, g := range parts {
		comp := comps.Of[whole.at[g[0]]]
		if byComp[comp] == nil {
			byComp[comp] = &choice{q: q, steps: steps}
		}
		byComp[comp].groups = append(byComp[comp].groups, g)
	}
	for state, comp := range comps.Of {
		v := state % n
		if c := byComp[comp]; c != nil && (state < n || comps.Of[v] != comp) {
			c.nodes = append(c.nodes, nodes[v])
		}
	}
	var pieces []*choice
	for _, comp := range slices.Sorted(maps.Keys(byComp)) {
		byComp[comp].cut(d, whole)
		pieces = append(pieces, byComp[comp])
	}
	return pieces
}

// parts returns the parts of groups that are in one component of all edges, if they have two transactions at least, and the nodes of
// those components.
func (d *Deps) parts(q Question, groups [][]int32) (parts [][]int32, nodes []int32) {
	comps := d.Components(WalkOf(txn.RuleAny, q.Also))
	use := map[int32]bool{}
	for _, g := range groups {
		g = slices.Clone(g)
		slices.SortStableFunc(g, func(a, b int32) int { return cmp.Compare(comps.Of[a], comps.Of[b]) })
		for i := 0; i < len(g); {
			n := i + 1
			for n < len(g) && comps.Of[g[n]] == comps.Of[g[i]] {
				n++
			}
			if n > i+1 {
				use[comps.Of[g[i]]] = true
				parts = append(parts, g[i:n:n])
			}
			i = n
		}
	}
	if len(parts) == 0 {
		return nil, nil
	}
	nodes = make([]int32, 0, d.Graph.N)
	for v := range int32(d.Graph.N) {
		if use[comps.Of[v]] {
			nodes = append(nodes, v)
		}
	}
	return parts, nodes
}

// A wholeChoice is the part of a graph in which there is something to choose, before it is cut into pieces.
type wholeChoice struct {
	at    []int32 // by node of the graph: its place in the part, or -1
	edges []graph.Edge
	from  []int32 // by place: where its edges begin
	real  int     // places of nodes that are no helpers
}

// whole cuts nodes, in their order, and the edges of a mask between them out of the graph.
func (d *Deps) whole(mask uint8, nodes []int32) *wholeChoice {
	w := &wholeChoice{at: make([]int32, d.Graph.N), from: make([]int32, len(nodes)+1)}
	for i := range w.at {
		w.at[i] = -1
	}
	for i, v := range nodes {
		w.at[v] = int32(i)
		if v < int32(d.Graph.Real) {
			w.real = i + 1
		}
	}
	w.edges = make([]graph.Edge, 0, len(d.Graph.To))
	for n, v := range nodes {
		for i := d.Graph.First[v]; i < d.Graph.First[v+1]; i++ {
			if to := w.at[d.Graph.To[i]]; to >= 0 && d.Graph.Kind[i]&mask != 0 {
				w.edges = append(w.edges, graph.Edge{From: int32(n), To: to, Kind: d.Graph.Kind[i]})
			}
		}
		w.from[n+1] = int32(len(w.edges))
	}
	return w
}

// cut cuts the nodes of a choice out of the whole, and numbers its groups by them.
func (c *choice) cut(d *Deps, w *wholeChoice) {
	slices.Sort(c.nodes)
	local := make(map[int32]int32, len(c.nodes)) // by place in the whole
	for i, v := range c.nodes {
		local[w.at[v]] = int32(i)
		if v < int32(d.Graph.Real) {
			c.real = i + 1
			if c.q.Rule == txn.RuleUpdate {
				c.reader = append(c.reader, d.readsOnly(v))
			}
		}
	}
	c.rank = make([]int32, len(c.nodes))
	ranked := make([]int32, len(c.nodes))
	for i := range ranked {
		ranked[i] = int32(i)
	}
	slices.SortStableFunc(ranked, func(a, b int32) int { return cmp.Compare(d.Graph.Rank[c.nodes[a]], d.Graph.Rank[c.nodes[b]]) })
	for r, i := range ranked {
		c.rank[i] = int32(r)
	}
	for i, v := range c.nodes {
		at := w.at[v]
		for _, e := range w.edges[w.from[at]:w.from[at+1]] {
			if to, ok := local[e.To]; ok {
				c.edges = append(c.edges, graph.Edge{From: int32(i), To: to, Kind: e.Kind})
			}
		}
	}
	for _, g := range c.groups {
		for i, t := range g {
			g[i] = local[w.at[t]]
		}
	}
}

// with returns the graph with more ww edges.
func (c *choice) with(more []graph.Edge) *Deps {
	*c.steps -= len(c.edges) + len(c.nodes)
	d := &Deps{comps: map[graph.Walk]*graph.Components{}, answers: map[Question]bool{}, readsOnly: func(v int32) bool { return c.reader[v] }}
	d.Graph = graph.Build(len(c.nodes), c.real, append(slices.Clone(c.edges), more...))
	d.Graph.Rank = c.rank
	return d
}

// possible reports whether there is an order that has the edges in forced and gives no cycle.
func (c *choice) possible(forced []graph.Edge) (bool, error) {
	d := c.with(forced)
	if len(forced) > 0 && d.Cyclic(c.q) {
		return false, nil
	}
	guess := c.guess(d)
	d = c.with(append(slices.Clone(forced), guess...))
	if !d.Cyclic(c.q) {
		return true, nil
	}
	if *c.steps < 0 {
		open := 0
		for _, g := range c.groups {
			open += len(g)
		}
		return false, tooManyOrders{open}
	}
	cycle := d.Cycle(c.q, ^txn.EdgeKind(0))
	if c.first == nil {
		c.first = cycle
	}
	more := slices.Clone(forced)
	for _, e := range cycle {
		if !slices.ContainsFunc(guess, func(g graph.Edge) bool { return g.From == e.From && g.To == e.To }) {
			continue
		}
		back := graph.Edge{From: e.To, To: e.From, Kind: uint8(wwChosen)}
		if ok, err := c.possible(append(slices.Clone(more), back)); ok || err != nil {
			return ok, err
		}
		more = append(more, graph.Edge{From: e.From, To: e.To, Kind: uint8(wwChosen)})
	}
	return false, nil
}

// guess returns edges that order each group as a topological order of the edges that are no rw does.
func (c *choice) guess(d *Deps) []graph.Edge {
	place := d.Graph.Order(uint8(AnyWW | txn.WR | c.q.Also))
	var edges []graph.Edge
	for _, g := range c.groups {
		g = slices.Clone(g)
		slices.SortFunc(g, func(a, b int32) int { return cmp.Compare(place[a], place[b]) })
		for i := 1; i < len(g); i++ {
			edges = append(edges, graph.Edge{From: g[i-1], To: g[i], Kind: uint8(wwChosen)})
		}
	}
	return edges
}
