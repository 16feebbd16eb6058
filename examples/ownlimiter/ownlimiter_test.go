package ownlimiter_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/examples/ownlimiter"
	"github.com/capsize-go/capsize/systems/resilience/limit"
	"github.com/capsize-go/capsize/workloads"
)

// bursts has 100 requests a second arrive for 600 ms, again and again, at ever other times of a second.
func bursts(at time.Duration) float64 {
	if at%(1700*time.Millisecond) < 600*time.Millisecond {
		return 100
	}
	return 0
}

// test has clients send bursts to a gateway with the limiter. The promise is that of its name: ten in any second.
func test(sliding bool) capsize.Test {
	gateway := limit.Gateways{Limiter: func(context.Context, *cluster.Host) (limit.Limiter, error) {
		l := &ownlimiter.Limiter{Units: 10, Per: time.Second, Sliding: sliding}
		return limit.Func(func(context.Context) (bool, error) { return l.Allow(), nil }), nil
	}}
	return capsize.Test{
		System:   gateway,
		Workload: workloads.Requests(gateway.Open, workloads.RequestLoad{Arrivals: bursts, Checker: resilience.AtMost(10, time.Second)}),
		Nodes:    1,
		Duration: 10 * time.Second,
	}
}

func TestLimiter(t *testing.T) {
	x := test(false)
	x.Seeds = 3
	x.Expect = checker.Invalid // delete this line to see how the test fails
	capsize.Run(t, x)
}

func TestSliding(t *testing.T) {
	x := test(true)
	x.Seeds = 3
	if testing.Short() {
		x.Seeds = 1
	}
	capsize.Run(t, x)
}

func TestDeterminism(t *testing.T) {
	if testing.Short() {
		t.Skip("the other tests run the same")
	}
	capsize.CheckDeterminism(t, test(false))
}

// What it admits can be counted, too.
func Example() {
	for _, sliding := range []bool{false, true} {
		x := test(sliding)
		x.Seed = 1
		r, err := capsize.Exec(context.Background(), new(testing.T), x)
		if err != nil {
			fmt.Println(err)
			continue
		}
		m, err := resilience.MeasureAdmitted(r.History, time.Second, resilience.Interval{})
		fmt.Printf("sliding %t: %v, %v, %v\n", sliding, r.Verdict, m, err)
	}
	// Output:
	// sliding false: invalid, admitted 141 of 542 that asked, and refused 401; at most 20 units of tenant in one window, <nil>
	// sliding true: valid, admitted 90 of 542 that asked, and refused 452; at most 10 units of tenant in one window, <nil>
}
