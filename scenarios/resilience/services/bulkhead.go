package services

import (
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/policy"
	"github.com/capsize-go/capsize/systems/resilience/service"
	"github.com/capsize-go/capsize/workloads"
)

// Bulkhead is the scenario of a dependency that hangs, and of requests that do not need it.
func Bulkhead() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "bulkhead",
		Question: "one of two dependencies hangs: does a request that needs only the other one get its answer?",
		Shows: "without a bulkhead all workers wait for what hangs, with or without a timeout; a bulkhead that refuses keeps the other requests whole, and one at which " +
			"requests wait does not, since those who wait hold a worker",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "unrelated", Metric: "unrelated_availability", Format: scenarios.Fine}, {Title: "no outcome", Metric: "without_outcome", Format: scenarios.Count},
			{Title: "slowest outcome", Metric: "slowest_outcome_ns", Format: scenarios.Span}, {Title: "attempts a request", Metric: "attempts_per_request", Format: hundredths},
		},
		Meter: func(scenarios.Variant) scenarios.Meter {
			return &serviceMeter{during: trouble, unrelated: []string{bulkFast}}
		},
		Holds:    blastHolds,
		Variants: bulkVariants(),
	}
}

const (
	bulkRate     = 60.0 // half of it for each dependency
	bulkWorkers  = 10
	bulkPlaces   = 5 // of the bulkhead
	bulkTimeout  = time.Second
	bulkDeadline = 2 * time.Second
	bulkSlow     = "/slow"
	bulkFast     = "/fast"
)

func bulkVariants() (all []scenarios.Variant) {
	timeout := policy.Timeout(bulkTimeout)
	for _, v := range []struct {
		name, doc string
		policy    policy.Policy
		fixed     bool
	}{
		{"none", "the service asks its dependencies, and waits", policy.None, false},
		{"timeout", "it waits for a second", timeout, false},
		{"semaphore", "a semaphore lets five of its requests to a dependency through at a time, and the others wait (x/sync)",
			policy.PerNode(policy.Chain(timeout, policy.Semaphore(bulkPlaces))), false},
		{"bulkhead", "a bulkhead lets five through at a time, and refuses the others (failsafe-go)", policy.PerNode(policy.FailsafeBulkhead(bulkPlaces)), true},
		{"bulkhead-timeout", "the same, and it waits for a second", policy.PerNode(policy.Chain(policy.FailsafeBulkhead(bulkPlaces), timeout)), true},
	} {
		system := service.System{Services: []service.Service{
			{Workers: bulkWorkers, Detached: true, Policy: v.policy, Asks: []service.Ask{{Node: "n2", Route: bulkSlow}, {Node: "n3", Route: bulkFast}}},
			{Role: troubled, Time: 20 * time.Millisecond}, {Time: 20 * time.Millisecond},
		}}
		all = append(all, scenarios.Variant{Name: v.name, Doc: v.doc, Fixed: v.fixed, Test: capsize.Test{
			Name: "bulkhead " + v.name, System: system, Nodes: system.Nodes(), Clients: 1, Duration: troubleRun, Settle: 3 * time.Second, Timeout: 5 * time.Second,
			Nemesis: troubleWith(nemesis.Degrades(cluster.AcceptAndHang, nemesis.WithRole(troubled))),
			Workload: workloads.Requests(system.Open, workloads.RequestLoad{Arrivals: workloads.Constant(bulkRate), Routes: []string{bulkSlow, bulkFast}, Deadline: bulkDeadline,
				Checker: resilience.Unrelated(0.99, trouble, bulkFast)}),
			Expect: scenarios.Expected(v.fixed),
		}})
	}
	return all
}
