package ownclient_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/examples/ownclient"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/resilience/service"
	"github.com/capsize-go/capsize/workloads"
)

// test has users ask A, which asks B, which asks C. A and B use the client. The disk of C is full for four seconds. The promise is that C sees no
// more than half as many calls again as there are requests.
func test(budget float64) capsize.Test {
	own := func(_ *cluster.Host, next http.RoundTripper) http.RoundTripper {
		return &ownclient.Client{Next: next, Tries: 3, Wait: 50 * time.Millisecond, Budget: budget}
	}
	services := service.System{Services: service.Chain(
		service.Service{Policy: own},              // A
		service.Service{Policy: own},              // B
		service.Service{Role: "C", Stores: true})} // C
	down := resilience.Interval{From: time.Second, To: 5 * time.Second}
	return capsize.Test{
		System: services, Nodes: services.Nodes(), Clients: 1, Duration: 6 * time.Second, Settle: 2 * time.Second, Timeout: 10 * time.Second,
		Nemesis:  nemesis.At(down.From, down.To-down.From, nemesis.DiskFull(nemesis.WithRole("C"))),
		Workload: workloads.Requests(services.Open, workloads.RequestLoad{Arrivals: workloads.Constant(40), Checker: resilience.Amplified(1.5, down)}),
	}
}

func TestClient(t *testing.T) {
	x := test(0)
	x.Seeds = 2
	x.Expect = checker.Invalid // delete this line to see how the test fails
	capsize.Run(t, x)
}

func TestBudget(t *testing.T) {
	x := test(0.1)
	x.Seeds = 2
	if testing.Short() {
		x.Seeds = 1
	}
	capsize.Run(t, x)
}

func TestDeterminism(t *testing.T) {
	if testing.Short() {
		t.Skip("the other tests run the same")
	}
	capsize.CheckDeterminism(t, test(0.1))
}

// How many calls reach C can be counted, too.
func Example() {
	for _, budget := range []float64{0, 0.1} {
		x := test(budget)
		x.Seed = 1
		r, err := capsize.Exec(context.Background(), new(testing.T), x)
		if err != nil {
			fmt.Println(err)
			continue
		}
		m, err := resilience.MeasureAttempts(r.History, resilience.Interval{From: 1100 * time.Millisecond, To: 4 * time.Second})
		fmt.Printf("budget %v: %v, %.1f calls of C a request, %v\n", budget, r.Verdict, m.PerRequest(3), err)
	}
	// Output:
	// budget 0: invalid, 9.0 calls of C a request, <nil>
	// budget 0.1: valid, 1.2 calls of C a request, <nil>
}
