package resilience_test

import (
	"fmt"

	"github.com/capsize-go/capsize/scenarios/resilience"
)

func ExamplePoolFreeze() {
	fmt.Println(resilience.PoolFreeze().Question)
	// Output: when a connection pool has run out, who waits for how long, and what else stops?
}
