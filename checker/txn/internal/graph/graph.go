// Package graph finds cycles of some kinds of edges in large graphs: whether there is one, exactly, and a short one.
//
// Nodes are numbers from 0. Those from [Graph.Real] on are helpers, which stand for many edges at once, such as "after all of these":
// they count for nothing in the length of a cycle, and are left out where one is returned.
//
// A graph is as wide as a history of transactions is long, so every search is iterative, and edges are in compressed rows.
package graph

// An Edge leads from one node to another. Its kind is one bit.
type Edge struct {
	From, To int32
	Kind     uint8
}

// A Graph has the edges of each node together. Build makes one.
type Graph struct {
	N     int // nodes
	Real  int // nodes that are no helpers; they come first
	First []int32
	To    []int32
	Kind  []uint8

	// Rank orders nodes about as a topological order does; nil for the order of their numbers. It only makes [Graph.Singles] quicker.
	Rank []int32

	// Around returns the kind of a way from one node to another over helpers alone, or 0. It may be nil: then cycles of two nodes that
	// need such a way are found as longer ones are, which may miss the shortest.
	Around func(from, to int32) uint8
}

// Build returns the graph of these edges. Those of one node keep their order.
func Build(n, realNodes int, edges []Edge) *Graph {
	g := &Graph{N: n, Real: realNodes, First: make([]int32, n+2), To: make([]int32, len(edges)), Kind: make([]uint8, len(edges))}
	at := g.First[1:] // at[v] runs from the first to past the last edge of v, which makes it First[v+1]
	for _, e := range edges {
		at[e.From+1]++
	}
	for v := range n {
		at[v+1] += at[v]
	}
	for _, e := range edges {
		i := at[e.From]
		at[e.From]++
		g.To[i], g.Kind[i] = e.To, e.Kind
	}
	g.First = g.First[:n+1]
	return g
}

// A Walk says which cycles a search is for: those of edges of the kinds Mask, in which no edge of a kind in Strict follows
// directly on one of a kind in Late. Without Late any cycle of these edges is meant.
//
// Snapshot isolation, for one, forbids cycles in which no anti-dependency follows on another: both Late and Strict are that kind. The
// search is then in a graph of two nodes for each: come to early, and come to late.
type Walk struct{ Mask, Late, Strict uint8 }

// states returns how many nodes the graph of a search has.
func (g *Graph) states(w Walk) int {
	if w.Late != 0 {
		return 2 * g.N
	}
	return g.N
}

// node returns which node a state is of, and whether it was come to late.
func (g *Graph) node(state int32) (int32, bool) {
	if int(state) >= g.N {
		return state - int32(g.N), true
	}
	return state, false
}

// step returns the state to which edge i leads from a state of its node; false if the walk may not take it.
func (g *Graph) step(w Walk, i int32, late bool) (int32, bool) {
	k := g.Kind[i]
	if k&w.Mask == 0 || late && k&w.Strict != 0 {
		return 0, false
	}
	if k&w.Late != 0 {
		return g.To[i] + int32(g.N), true
	}
	return g.To[i], true
}
