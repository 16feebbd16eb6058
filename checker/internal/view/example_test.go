package view_test

import (
	"fmt"

	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

func Example() {
	h := history.Of(
		history.Op{Type: history.Invoke, Input: model.RegisterOp{F: "write", Key: "x", Value: 1}},
		history.Op{Type: history.OK},
	)
	parts, _ := view.Erase(model.Register()).Of(h).Split()
	fmt.Println(len(parts), parts[0].Key, len(parts[0].Spans))
	// Output: 1 x 1
}
