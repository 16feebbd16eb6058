package graph_test

import (
	"fmt"

	"github.com/capsize-go/capsize/checker/txn/internal/graph"
)

// A cycle of two edges of kind 2, which follow on one another, is none that the second walk looks for.
func Example() {
	g := graph.Build(3, 3, []graph.Edge{{From: 0, To: 1, Kind: 2}, {From: 1, To: 0, Kind: 2}, {From: 1, To: 2, Kind: 1}})
	for _, w := range []graph.Walk{{Mask: 3}, {Mask: 3, Late: 2, Strict: 2}} {
		c := g.Components(w)
		fmt.Println(c.Cyclic > 0, g.ShortCycle(w, 2, c))
	}
	// Output:
	// true [{0 1 2} {1 0 2}]
	// false []
}
