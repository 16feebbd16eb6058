package shapes_test

import (
	"fmt"

	"github.com/capsize-go/capsize/checker/internal/shapes"
	"github.com/capsize-go/capsize/history"
)

func Example() {
	type ask struct {
		F     string
		Value int
	}
	var r shapes.FieldReader
	c, _, bad := r.Call(history.Op{Input: ask{"add", 7}}, 0)
	fmt.Println(c.F, c.Value, bad)
	// Output: add 7 <nil>
}
