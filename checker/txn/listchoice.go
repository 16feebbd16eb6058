package txn

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/txn/internal/graph"
)

// What was appended to one key and never read has no known order. For models that forbid all cycles of their edges that makes no
// difference: if there is none, there is none either with the order that any topological one gives. Those that forbid cycles by
// how many rw edges they have need an order with which there is none. A choice looks for one.
//
// Only transactions of one strongly connected component can be on a cycle, so that what is left to choose is mostly little: the search
// is on the graph of those components. It tries an order, and if that gives a cycle, it goes on with each of the orders in which one of
// the chosen edges of that cycle is reversed. It is exact; where it takes more than a number of steps, an edge being one, it gives up.

// defaultSteps is for [Options.Steps] of 0.
const defaultSteps = 20_000_000

// A choice is a search for an order of what was never read.
type choice struct {
	q      question
	groups [][]int32 // transactions that appended to one key, by nodes of the graph of the search
	n      int
	edges  []graph.Edge
	nodes  []int32 // nodes of the whole graph
	real   int
	rank   []int32
	steps  int
	first  []graph.Edge // the first cycle that an order gave
}

type tooManyOrders struct{ steps, open int }

func (e tooManyOrders) Error() string {
	return fmt.Sprintf("%d appends were never read, and after %d steps it is not known whether they can be ordered", e.open, e.steps)
}

// choose reports whether no order of what was never read is free of the cycles that are asked for. The graph without an order has none.
func (d *deps) choose(q question, groups [][]int32, steps int) (cyclic bool, err error) {
	c := d.newChoice(q, groups)
	if len(c.groups) == 0 {
		return false, nil
	}
	if c.steps = steps; steps == 0 {
		c.steps = defaultSteps
	}
	found, err := c.possible(nil)
	if err != nil || found {
		return false, err
	}
	for i, e := range c.first {
		c.first[i].From, c.first[i].To = c.nodes[e.From], c.nodes[e.To]
	}
	d.chosen[q] = c.first
	return true, nil
}

// newChoice cuts the graph down to the components in which there is something to choose.
func (d *deps) newChoice(q question, groups [][]int32) *choice {
	c := &choice{q: q}
	comps := d.components(ruleAny.walk(q.also))
	use := map[int32]bool{}
	for _, g := range groups {
		by := slices.Clone(g)
		slices.SortStableFunc(by, func(a, b int32) int { return cmp.Compare(comps.Of[b], comps.Of[a]) })
		for i := 0; i < len(by); {
			n := i + 1
			for n < len(by) && comps.Of[by[n]] == comps.Of[by[i]] {
				n++
			}
			if n > i+1 {
				use[comps.Of[by[i]]] = true
				c.groups = append(c.groups, slices.Clone(by[i:n]))
			}
			i = n
		}
	}
	if len(c.groups) == 0 {
		return c
	}
	at := make([]int32, d.g.N)
	for v := range int32(d.g.N) {
		at[v] = -1
		if use[comps.Of[v]] {
			at[v] = int32(len(c.nodes))
			c.nodes = append(c.nodes, v)
			c.rank = append(c.rank, d.g.Rank[v])
			if v < int32(d.g.Real) {
				c.real = len(c.nodes)
			}
		}
	}
	mask := ruleAny.walk(q.also).Mask
	for _, v := range c.nodes {
		for i := d.g.First[v]; i < d.g.First[v+1]; i++ {
			if to := d.g.To[i]; comps.Of[to] == comps.Of[v] && d.g.Kind[i]&mask != 0 {
				c.edges = append(c.edges, graph.Edge{From: at[v], To: at[to], Kind: d.g.Kind[i]})
			}
		}
	}
	for _, g := range c.groups {
		for i := range g {
			g[i] = at[g[i]]
		}
	}
	return c
}

// with returns the graph with more ww edges.
func (c *choice) with(more []graph.Edge) *deps {
	c.steps -= len(c.edges) + len(c.nodes)
	d := &deps{comps: map[graph.Walk]*graph.Components{}, answers: map[question]bool{}}
	d.g = graph.Build(len(c.nodes), c.real, append(slices.Clone(c.edges), more...))
	d.g.Rank = c.rank
	return d
}

// possible reports whether there is an order that has the edges in forced and gives no cycle.
func (c *choice) possible(forced []graph.Edge) (bool, error) {
	d := c.with(forced)
	if d.cyclic(c.q) {
		return false, nil
	}
	guess := c.guess(d)
	d = c.with(append(slices.Clone(forced), guess...))
	if !d.cyclic(c.q) {
		return true, nil
	}
	if c.steps < 0 {
		open := 0
		for _, g := range c.groups {
			open += len(g)
		}
		return false, tooManyOrders{defaultSteps, open}
	}
	cycle := d.cycle(c.q, ^EdgeKind(0))
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
func (c *choice) guess(d *deps) []graph.Edge {
	place := d.g.Order(uint8(anyWW | WR | c.q.also))
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
