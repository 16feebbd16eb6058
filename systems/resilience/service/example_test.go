package service_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/systems/resilience/policy"
	"github.com/capsize-go/capsize/systems/resilience/service"
)

// Three services call each other; the second one tries three times, and the third has ten workers and 50 places in its queue.
func Example() {
	retry := policy.Retry{Attempts: 3, Backoff: policy.Backoff{Base: 50 * time.Millisecond, Jitter: policy.FullJitter}}
	s := service.System{Propagate: true, Services: service.Chain(
		service.Service{},
		service.Service{Policy: policy.FailsafeRetry(retry)},
		service.Service{Role: "backend", Workers: 10, Time: 100 * time.Millisecond, Queue: service.Queue{Bound: 50}},
	)}
	fmt.Println(s.Nodes(), "nodes;", "n2 asks", s.Services[1].Asks[0].Node)
	// Output: 3 nodes; n2 asks n3
}
