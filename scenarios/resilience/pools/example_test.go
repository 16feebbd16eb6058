package pools_test

import (
	"fmt"

	"github.com/capsize-go/capsize/scenarios/resilience/pools"
)

func ExamplePoolFreeze() {
	fmt.Println(pools.PoolFreeze().Question)
	// Output: when a connection pool has run out, who waits for how long, and what else stops?
}
