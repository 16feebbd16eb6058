package detgo_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/capsize-go/capsize/internal/detgo"
)

// Check says whether the version of Go is supported, which those that this module is tested with are.
func ExampleCheck() {
	var b strings.Builder
	err := detgo.Check(detgo.Terminal{In: os.Stdin, Out: &b, Err: os.Stderr}, nil)
	fmt.Println(strings.Contains(b.String(), "is supported"), err)
	// Output: true <nil>
}
