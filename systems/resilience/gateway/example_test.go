package gateway_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/systems/resilience/gateway"
	"github.com/capsize-go/capsize/workloads"
)

// Services that are waited for longer than the client waits work for clients that have given up; if they know the deadline of the client they do not.
func Example() {
	for _, propagate := range []bool{false, true} {
		s := gateway.Chain{Gateway: 2 * time.Second, Service: 4 * time.Second, Propagate: propagate}
		r, err := capsize.Exec(context.Background(), new(testing.T), capsize.Test{
			System: s, Nodes: s.Nodes(), Duration: 5 * time.Second, Settle: time.Second, Seed: 1, Timeout: 2 * time.Second,
			Workload: workloads.Requests(s.Open, workloads.RequestLoad{
				Arrivals: workloads.Constant(10), Deadline: time.Second, Checker: resilience.NoOrphans(0.05),
			}),
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		m, err := resilience.MeasureOrphans(r.History, resilience.Interval{})
		fmt.Println(r.Verdict, m.Orphaned > 0, err)
	}
	// Output:
	// invalid true <nil>
	// valid false <nil>
}
