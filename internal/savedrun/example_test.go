package savedrun_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/savedrun"
)

// The first line in which two histories differ, by less than what people read.
func ExampleLines() {
	a := []byte("{\"time\":126000001}\n{\"time\":127000001}\n")
	b := []byte("{\"time\":126000001}\n{\"time\":127000002}\n")
	d := savedrun.Lines(a, b)
	fmt.Printf("line %d\n%s\n%s\n", d.Line, d.First, d.Second)
	// Output:
	// line 2
	// {"time":127000001}
	// {"time":127000002}
}
