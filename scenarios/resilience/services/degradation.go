package services

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/policy"
	"github.com/capsize-go/capsize/systems/resilience/service"
	"github.com/capsize-go/capsize/workloads"
)

// Degradation is the scenario of a page of several parts, of which one is broken.
func Degradation() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "degradation",
		Question: "a page has a part that it could do without, and that part is broken: what do users get?",
		Shows: "no page if the part is required; the page in time, and a word that a part is missing, if the part is optional and has a timeout of its own; a page that looks whole " +
			"and is not, if it keeps quiet about that",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "available", Metric: "availability", Format: scenarios.Fine}, {Title: "say partial", Metric: "partial_share", Format: scenarios.Fine},
			{Title: "keep quiet", Metric: "silent_share", Format: scenarios.Fine}, {Title: "median", Metric: "p50_ns", Format: scenarios.Span},
			{Title: "slowest", Metric: "slowest_outcome_ns", Format: scenarios.Span},
		},
		Meter:    func(scenarios.Variant) scenarios.Meter { return &serviceMeter{during: trouble} },
		Holds:    partsHold,
		Variants: partVariants(),
	}
}

const (
	partRate     = 30.0
	partTimeout  = 200 * time.Millisecond
	partDeadline = time.Second

	optionalFails = "part fails"
	optionalHangs = "part hangs"
)

var partFaults = []struct {
	name  string
	fault nemesis.Fault
}{
	{optionalFails, nemesis.DiskFull(nemesis.WithRole(troubled))},
	{optionalHangs, nemesis.Degrades(cluster.AcceptAndHang, nemesis.WithRole(troubled))},
}

func partVariants() (all []scenarios.Variant) {
	timeout := policy.Timeout(partTimeout)
	breaker := policy.PerNode(policy.FailsafeBreaker(policy.Breaker{Share: 0.5, Least: 5, Within: 2 * time.Second, Open: time.Second}))
	for _, v := range []struct {
		name, doc string
		ask       service.Ask
		policy    policy.Policy
		fixed     map[string]bool
	}{
		{"required", "each part is required", service.Ask{}, timeout, nil},
		{"optional", "the part is optional", service.Ask{Optional: true}, policy.None, map[string]bool{optionalFails: true}},
		{"optional-timeout", "the part is optional, and has 200 ms", service.Ask{Optional: true}, timeout, map[string]bool{optionalFails: true, optionalHangs: true}},
		{"optional-breaker", "the same through a circuit breaker (failsafe-go)", service.Ask{Optional: true}, policy.Chain(breaker, timeout),
			map[string]bool{optionalFails: true, optionalHangs: true}},
		{"quiet", "the part is optional, and the page does not say that it is missing", service.Ask{Silent: true}, timeout, nil},
	} {
		v.ask.Node = "n3"
		system := service.System{Services: []service.Service{
			{Policy: v.policy, Asks: []service.Ask{{Node: "n2"}, v.ask}}, {Time: 10 * time.Millisecond},
			{Role: troubled, Time: 10 * time.Millisecond, Stores: true},
		}}
		for _, f := range partFaults {
			all = append(all, scenarios.Variant{Name: v.name, Doc: v.doc, Fault: f.name, Fixed: v.fixed[f.name], Test: capsize.Test{
				Name: "degradation " + v.name, System: system, Nodes: system.Nodes(), Clients: 1, Duration: troubleRun, Settle: 3 * time.Second, Timeout: 5 * time.Second,
				Nemesis: troubleWith(f.fault),
				Workload: workloads.Requests(system.Open, workloads.RequestLoad{Arrivals: workloads.Constant(partRate), Deadline: partDeadline,
					Checker: checker.All(resilience.Unrelated(0.99, trouble, "/"), resilience.Whole())}),
				Expect: scenarios.Expected(v.fixed[f.name]),
			}})
		}
	}
	return all
}

func partsHold(rows []scenarios.Row) error {
	for _, r := range rows {
		quiet := r.Metrics["silent_share"]
		switch available := r.Metrics["availability"]; {
		case r.Fixed != (r.Invalid == 0) || r.Unknown > 0:
			return fmt.Errorf("%s, %s: %d of %d seeds are invalid", r.Variant, r.Fault, r.Invalid, r.Seeds)
		case r.Fixed && (available < 0.999 || r.Metrics["partial_share"] < 0.9 || quiet > 0):
			return fmt.Errorf("%s, %s: %.4f of the pages came, and %.4f of them say that a part is missing", r.Variant, r.Fault, available, r.Metrics["partial_share"])
		case !r.Fixed && available > 0.2 && quiet < 0.9:
			return fmt.Errorf("%s, %s: %.4f of the pages came, and %.4f of them keep quiet", r.Variant, r.Fault, available, quiet)
		}
	}
	return nil
}
