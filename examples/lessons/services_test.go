package lessons_test

import (
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/resilience/policy"
	"github.com/capsize-go/capsize/systems/resilience/service"
	"github.com/capsize-go/capsize/workloads"
)

func TestLessonRetries(t *testing.T) {
	retry := policy.FailsafeRetry(policy.Retry{ // your client: any func(*cluster.Host, http.RoundTripper) http.RoundTripper
		Attempts: 3, Backoff: policy.Backoff{Base: 50 * time.Millisecond, Jitter: policy.FullJitter}, Budget: policy.Budget{Ratio: 0.1},
	})
	s := service.System{Services: service.Chain(service.Service{Policy: retry}, service.Service{Policy: retry}, service.Service{Role: "backend", Stores: true})}
	down := resilience.Interval{From: time.Second, To: 4 * time.Second}
	capsize.Run(t, capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 1, Duration: 5 * time.Second,
		Nemesis:  nemesis.At(down.From, down.To-down.From, nemesis.DiskFull(nemesis.WithRole("backend"))),
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(40), Checker: resilience.Amplified(1.5, down)}),
	})
}

func TestLessonBreaker(t *testing.T) {
	breaker := policy.GoBreaker(policy.Breaker{Share: 0.2, Least: 5, Within: 2 * time.Second, Open: 2 * time.Second}) // your breaker
	s := service.System{Services: []service.Service{
		{Policy: policy.PerNode(breaker), Asks: []service.Ask{{Node: "n2", Route: "/shard1"}, {Node: "n3", Route: "/shard2"}}},
		{Role: "backend", Stores: true}, {},
	}}
	down := resilience.Interval{From: time.Second, To: 4 * time.Second}
	capsize.Run(t, capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 1, Duration: 5 * time.Second,
		Nemesis: nemesis.At(down.From, down.To-down.From, nemesis.DiskFull(nemesis.WithRole("backend"))),
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{
			Arrivals: workloads.Constant(40), Routes: []string{"/shard1", "/shard2"}, Checker: resilience.Unrelated(0.99, down, "/shard2"),
		}),
	})
}

func TestLessonTimeouts(t *testing.T) {
	s := service.System{Patient: true, Services: service.Chain( // your services; the clients wait as long as it takes
		service.Service{Policy: policy.Timeout(300 * time.Millisecond)}, service.Service{Role: "backend", Time: 20 * time.Millisecond})}
	capsize.Run(t, capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 1, Duration: 5 * time.Second, Timeout: 10 * time.Second,
		Nemesis:  nemesis.At(time.Second, 3*time.Second, nemesis.Degrades(cluster.AcceptAndHang, nemesis.WithRole("backend"))),
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(40), Deadline: 500 * time.Millisecond, Checker: resilience.Answered(time.Millisecond)}),
	})
}

func TestLessonJitter(t *testing.T) {
	retry := policy.Retry{Attempts: 20, Backoff: policy.Backoff{Base: 100 * time.Millisecond, Max: 2 * time.Second, Jitter: policy.FullJitter}} // your backoff
	s := service.System{Client: policy.FailsafeRetry(retry), Services: []service.Service{{Role: "backend", Stores: true}}}
	const up = 3 * time.Second
	r, err := capsize.Exec(t.Context(), t, capsize.Test{
		System: s, Nodes: 1, Clients: 1, Duration: 5 * time.Second, Timeout: 20 * time.Second, Seed: 1,
		Nemesis: nemesis.At(0, up, nemesis.DiskFull(nemesis.WithRole("backend"))),
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: func(at time.Duration) float64 {
			if at < 200*time.Millisecond {
				return 500 // 100 clients that all begin at once
			}
			return 5
		}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	windows := map[time.Duration]int{} // attempts in each 100 ms since the service is back
	for c := range r.History.Calls() {
		if in, ok := c.Invoke.Input.(model.RequestOp); ok && in.F == "attempt" && c.Invoke.Time >= up {
			at := c.Invoke.Time.Truncate(100 * time.Millisecond)
			if windows[at]++; windows[at] > 25 {
				t.Fatalf("a quarter of the clients came back at %v", at)
			}
		}
	}
}

func TestLessonBulkhead(t *testing.T) {
	bulkhead := policy.PerNode(policy.FailsafeBulkhead(5)) // your bulkhead
	s := service.System{Services: []service.Service{
		{Workers: 10, Detached: true, Policy: bulkhead, Asks: []service.Ask{{Node: "n2", Route: "/slow"}, {Node: "n3", Route: "/fast"}}},
		{Role: "backend"}, {},
	}}
	hangs := resilience.Interval{From: time.Second, To: 4 * time.Second}
	capsize.Run(t, capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 1, Duration: 5 * time.Second,
		Nemesis: nemesis.At(hangs.From, hangs.To-hangs.From, nemesis.Degrades(cluster.AcceptAndHang, nemesis.WithRole("backend"))),
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{
			Arrivals: workloads.Constant(60), Routes: []string{"/slow", "/fast"}, Deadline: time.Second, Checker: resilience.Unrelated(0.99, hangs, "/fast"),
		}),
	})
}

func TestLessonDegradation(t *testing.T) {
	s := service.System{Services: []service.Service{ // your page: here n1, with a part at n2 that it can do without
		{Policy: policy.Timeout(200 * time.Millisecond), Asks: []service.Ask{{Node: "n2", Optional: true}}}, {Role: "backend"},
	}}
	hangs := resilience.Interval{From: time.Second, To: 4 * time.Second}
	capsize.Run(t, capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 1, Duration: 5 * time.Second,
		Nemesis: nemesis.At(hangs.From, hangs.To-hangs.From, nemesis.Degrades(cluster.AcceptAndHang, nemesis.WithRole("backend"))),
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{
			Arrivals: workloads.Constant(30), Deadline: time.Second, Checker: checker.All(resilience.Unrelated(0.99, hangs, "/"), resilience.Whole()),
		}),
	})
}

func TestLessonMetastable(t *testing.T) {
	retry := policy.Retry{Attempts: 3, Backoff: policy.Backoff{Base: 50 * time.Millisecond, Jitter: policy.FullJitter}}
	s := service.System{ // your client, and the queue of your service
		Propagate: true, Client: policy.Chain(policy.FailsafeRetry(retry), policy.Timeout(time.Second)),
		Services: []service.Service{{Role: "backend", Workers: 4, Time: 100 * time.Millisecond, Queue: service.Queue{Drop: service.DropLate}}},
	}
	pause := resilience.Interval{From: 3 * time.Second, To: 8 * time.Second}
	capsize.Run(t, capsize.Test{
		System: s, Nodes: 1, Clients: 1, Duration: 18 * time.Second, Timeout: 10 * time.Second,
		Nemesis: nemesis.At(pause.From, pause.To-pause.From, nemesis.Pauses(nemesis.WithRole("backend"))),
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{
			Arrivals: workloads.Constant(28), Deadline: 5 * time.Second, Checker: resilience.Recovers(pause, 5*time.Second, 0.9),
		}),
	})
}
