package failure_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/failure"
)

// A file with a mistake, and where it is.
func ExampleParse() {
	_, err := failure.Parse([]byte("capsize failure v1\nnodes three\n"), "testdata/capsize/TestStore/seed-1-bde3df0e")
	fmt.Println(err)
	// Output: read failure: testdata/capsize/TestStore/seed-1-bde3df0e:2: "nodes": "three" is no number
}
