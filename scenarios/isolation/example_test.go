package isolation_test

import (
	"fmt"

	"github.com/capsize-go/capsize/scenarios/isolation"
)

func ExampleAll() {
	for _, s := range isolation.All() {
		fmt.Println(s.Name + ": " + s.Question)
	}
	// Output:
	// isolation: which isolation level does each database claim, and which does it keep under faults?
}
