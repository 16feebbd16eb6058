package polygraph_test

import (
	"fmt"

	"github.com/capsize-go/capsize/checker/txn/internal/polygraph"
)

// Two transactions, 0 and 1, write x and y; 2 read x of the one and y of the other: whichever came last, one read is too old.
func Example() {
	p := &polygraph.Problem{
		Nodes:  3,
		Known:  []polygraph.Edge{{From: 1, To: 2}, {From: 0, To: 2}},
		Points: [][]polygraph.Point{{{0, 0}, {1, 1}}, {{0, 0}, {1, 1}}}, // both write both keys
		Spans:  []polygraph.Span{{Key: 0, Own: 1, From: 1, To: 2}, {Key: 1, Own: 0, From: 0, To: 2}},
	}
	a := p.Solve()
	p.Explain(a)
	fmt.Println("possible:", a.Verdict == polygraph.Yes)
	for c := a.Cases; c.Cycle == nil; c = c.A {
		n := a.Needed[c.Need]
		fmt.Println("not after", n.Side.B, "since that closes", c.B.Cycle)
		if c.A.Cycle != nil {
			fmt.Println("not before", n.Side.A, "since that closes", c.A.Cycle)
		}
	}
	// Output:
	// possible: false
	// not after [{2 0 false}] since that closes [{2 0 false} {0 2 false}]
	// not after [{2 1 false}] since that closes [{2 1 false} {1 2 false}]
	// not before [{1 0 false}] since that closes [{1 0 false} {0 1 false}]
}
