package judging

import (
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
)

// update returns a cycle of transactions that write and at most one that only reads: what Adya calls G-update. Among those that write
// any cycle counts. One through a transaction that only reads leaves it by an rw edge, which is the one that closes a cycle
// over the others; none leads on to another that only reads, since it would have to be left by an edge of that kind as well.
func (d *Deps) update() []graph.Edge {
	if d.updates == nil {
		cycle := d.findUpdate()
		d.updates = &cycle
	}
	return slices.Clone(*d.updates)
}

func (d *Deps) findUpdate() []graph.Edge {
	const main, closing = uint8(txn.SO), uint8(txn.RT) // of a graph without the two
	var edges []graph.Edge
	for v := range int32(d.Graph.N) {
		mark := main
		if v < int32(d.Graph.Real) && d.readsOnly(v) {
			mark = closing
		}
		for i := d.Graph.First[v]; i < d.Graph.First[v+1]; i++ {
			if kind := d.Graph.Kind[i] &^ uint8(txn.SO|txn.RT); kind != 0 {
				edges = append(edges, graph.Edge{From: v, To: d.Graph.To[i], Kind: kind | mark})
			}
		}
	}
	g := graph.Build(d.Graph.N, d.Graph.Real, edges)
	w := graph.Walk{Mask: main}
	c := g.Components(w)
	cycle := g.ShortCycle(w, main, c)
	if c.Cyclic == 0 {
		cycle = g.ShortSingle(g.Singles(main, closing), main)
	}
	for i := range cycle {
		cycle[i].Kind &^= main | closing
	}
	return cycle
}
