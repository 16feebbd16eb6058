package detrt_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/detrt"
)

// Without the overlay of package overlay nothing is decided, and nothing fails.
func ExampleRead() {
	if !detrt.Active() {
		fmt.Println(detrt.Read())
	} else {
		fmt.Println("{0 0 0}") // outside of a bubble nothing is decided either
	}
	// Output: {0 0 0}
}
