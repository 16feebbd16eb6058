package overlay_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/overlay"
)

// A version that is not supported is refused, and nothing is made.
func ExampleMake() {
	_, err := overlay.Make("unused", overlay.Toolchain{Root: "/usr/lib/go-1.25", Version: "go1.25.0"}, "")
	fmt.Println(err)
	// Output:
	// the deterministic runtime does not support go1.25.0; it supports go1.26 and go1.27
	// it is another minor version
}
