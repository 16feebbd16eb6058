package torture_test

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/internal/detrt/torture"
)

// Each operation can be run by itself.
func ExampleOps() {
	fmt.Println(slices.Contains(torture.Ops(), "select"))
	// Output: true
}
