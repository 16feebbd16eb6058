package edge_test

import (
	"fmt"

	"github.com/capsize-go/capsize/scenarios/resilience/edge"
)

// A scenario has the failing way of a service, and its remedies.
func ExampleGatewayTimeouts() {
	for _, v := range edge.GatewayTimeouts().Variants {
		fmt.Println(v.Name, v.Fixed)
	}
	// Output:
	// inverted false
	// inverted-retry false
	// ordered false
	// cancelled true
	// propagated true
}
