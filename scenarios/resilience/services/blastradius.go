package services

import (
	"fmt"
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

// BreakerBlastRadius is the scenario of a circuit breaker that is wider than what is broken.
func BreakerBlastRadius() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "breaker-blast-radius",
		Question: "one of four shards is broken: how many requests of the other three does a circuit breaker deny?",
		Shows: "a breaker around the whole service opens and denies the requests of all shards; one for each shard denies none of the others, and keeps the workers " +
			"of the gateway free when the shard hangs",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "other shards", Metric: "unrelated_availability", Format: scenarios.Fine}, {Title: "all", Metric: "availability", Format: scenarios.Fine},
			{Title: "attempts a request", Metric: "attempts_per_request", Format: hundredths}, {Title: "slowest", Metric: "slowest_outcome_ns", Format: scenarios.Span},
		},
		Meter: func(scenarios.Variant) scenarios.Meter {
			return &serviceMeter{during: trouble, unrelated: blastRoutes[1:]}
		},
		Holds:    blastHolds,
		Variants: blastVariants(),
	}
}

// The gateway is node n1, and shard i is node i+2. The first shard breaks.
const (
	blastRate     = 64.0
	blastWorkers  = 8
	blastTimeout  = time.Second
	blastDeadline = 2 * time.Second

	shardFails = "shard fails"
	shardHangs = "shard hangs"
)

var blastRoutes = []string{"/shard1", "/shard2", "/shard3", "/shard4"}

var blastFaults = []struct {
	name  string
	fault nemesis.Fault
}{
	{shardFails, nemesis.DiskFull(nemesis.WithRole(troubled))},
	{shardHangs, nemesis.Degrades(cluster.AcceptAndHang, nemesis.WithRole(troubled))},
}

func blastVariants() (all []scenarios.Variant) {
	breaker := policy.Breaker{Share: 0.2, Least: 5, Within: 2 * time.Second, Open: 2 * time.Second}
	for _, v := range []struct {
		name, doc string
		breaker   policy.Policy
		fixed     map[string]bool
	}{
		{"none", "the gateway has no breaker", policy.None, map[string]bool{shardFails: true}},
		{"service-failsafe", "one breaker for the service (failsafe-go)", policy.FailsafeBreaker(breaker), nil},
		{"service-gobreaker", "one breaker for the service (sony/gobreaker)", policy.GoBreaker(breaker), nil},
		{"shard-failsafe", "a breaker for each shard (failsafe-go)", policy.PerNode(policy.FailsafeBreaker(breaker)), map[string]bool{shardFails: true, shardHangs: true}},
		{"shard-gobreaker", "a breaker for each shard (sony/gobreaker)", policy.PerNode(policy.GoBreaker(breaker)), map[string]bool{shardFails: true, shardHangs: true}},
	} {
		for _, f := range blastFaults {
			system := shards(policy.Chain(v.breaker, policy.Timeout(blastTimeout)))
			all = append(all, scenarios.Variant{Name: v.name, Doc: v.doc, Fault: f.name, Fixed: v.fixed[f.name], Test: capsize.Test{
				Name: "breaker-blast-radius " + v.name, System: system, Nodes: system.Nodes(), Clients: 1, Duration: troubleRun, Settle: 3 * time.Second, Timeout: 5 * time.Second,
				Nemesis: troubleWith(f.fault),
				Workload: workloads.Requests(system.Open, workloads.RequestLoad{Arrivals: workloads.Constant(blastRate), Routes: blastRoutes, Deadline: blastDeadline,
					Checker: resilience.Unrelated(0.99, trouble, blastRoutes[1:]...)}),
				Expect: scenarios.Expected(v.fixed[f.name]),
			}})
		}
	}
	return all
}

// shards returns a gateway with a policy, and the shards that it asks.
func shards(p policy.Policy) service.System {
	gateway := service.Service{Workers: blastWorkers, Detached: true, Policy: p}
	all := []service.Service{gateway}
	for i, route := range blastRoutes {
		all[0].Asks = append(all[0].Asks, service.Ask{Node: fmt.Sprint("n", i+2), Route: route})
		all = append(all, service.Service{Time: 10 * time.Millisecond, Stores: true})
	}
	all[1].Role = troubled
	return service.System{Services: all}
}

func blastHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		if r.Fixed != (r.Invalid == 0) || r.Unknown > 0 {
			return fmt.Errorf("%s, %s: %d of %d seeds are invalid", r.Variant, r.Fault, r.Invalid, r.Seeds)
		}
		if share := r.Metrics["unrelated_availability"]; r.Fixed && share < 0.999 || !r.Fixed && share > 0.9 {
			return fmt.Errorf("%s, %s: %.4f of the requests of other shards were ok", r.Variant, r.Fault, share)
		}
	}
	return nil
}
