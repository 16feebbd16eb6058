package hostrt_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/hostrt"
)

// A goroutine that is part of no program of a host has no machine, whatever the build.
func ExampleCurrent() {
	fmt.Println(hostrt.Current() == nil)
	// Output: true
}
