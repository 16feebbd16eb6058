package grpcbalance_test

import (
	"fmt"

	"github.com/capsize-go/capsize/systems/resilience/grpcbalance"
)

// A service config says which of gRPC's policies a client has.
func ExampleLeastRequest() {
	fmt.Println(grpcbalance.LeastRequest(2))
	// Output: {"loadBalancingConfig":[{"least_request_experimental":{"choiceCount":2}}]}
}
