package cell_test

import (
	"fmt"

	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/cell"
)

// A transaction sees what it has written itself.
func Example() {
	held := map[string]cell.Cell{"x": {List: []int{1}}}
	answers, keys, written := cell.Run([]model.TxnOp{
		{F: model.TxnRead, Key: "x"}, {F: model.TxnAppend, Key: "x", Value: 2}, {F: model.TxnRead, Key: "x"}, {F: model.TxnWrite, Key: "y", Value: 3},
	}, func(key string) cell.Cell { return held[key] })
	fmt.Println(model.Txn(answers))
	for _, k := range keys {
		fmt.Println(k, written[k])
	}
	// Output:
	// r x [1], append x 2, r x [1 2], w y 3
	// x {0 [1 2]}
	// y {3 []}
}
