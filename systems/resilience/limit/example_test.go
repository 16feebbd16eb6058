package limit_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/systems/resilience/limit"
	"github.com/capsize-go/capsize/workloads"
)

// A token bucket of ten tokens a second admits nearly twice as many in a second, if it was full before.
func Example() {
	s := limit.Gateways{Limiter: limit.XTimeRate(limit.Rate{Units: 10, Per: time.Second}, 10)}
	r, err := capsize.Exec(context.Background(), new(testing.T), capsize.Test{
		System: s, Nodes: 1, Duration: 3 * time.Second, Settle: time.Second, Seed: 1,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(100), Checker: resilience.AtMost(10, time.Second)}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := resilience.MeasureAdmitted(r.History, time.Second, resilience.Interval{})
	fmt.Println(r.Verdict, m.Most, err)
	// Output: invalid 19 <nil>
}
