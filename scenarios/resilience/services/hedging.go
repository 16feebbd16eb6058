package services

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/policy"
	"github.com/capsize-go/capsize/systems/resilience/service"
	"github.com/capsize-go/capsize/workloads"
)

// Hedging is the scenario of a second request for an answer that is late.
func Hedging() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "hedging",
		Question: "what does it bring, and what does it cost, to send a request again when its answer is late?",
		Shows: "where one request in 20 is slow the p97 falls from the tail to little more than the delay of the hedge, for a few percent of load; where all are slow every " +
			"request is sent twice, and the service breaks down, unless the hedges have a budget",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "available", Metric: "availability", Format: scenarios.Fine}, {Title: "median", Metric: "p50_ns", Format: scenarios.Span},
			{Title: "p97", Metric: "p97_ns", Format: scenarios.Span}, {Title: "attempts a request", Metric: "attempts_per_request", Format: hundredths},
		},
		Meter:    func(scenarios.Variant) scenarios.Meter { return &serviceMeter{during: trouble} },
		Picture:  drawHedging,
		Holds:    hedgeHolds,
		Variants: hedgeVariants(),
	}
}

const (
	hedgeRate     = 40.0
	hedgeWorkers  = 10
	hedgeTime     = 20 * time.Millisecond
	hedgeAfter    = 60 * time.Millisecond
	hedgeShare    = 0.1 // of the budget
	hedgeDeadline = 2 * time.Second
	hedgeQuick    = 200 * time.Millisecond // that most answers must not take longer than
	hedgeMost     = 0.97                   // of them: both tries of a few are slow, and the budget leaves a few without a second one

	tailFault = "slow tail"
	slowFault = "all slow"
)

// hedgeTail is how slow some requests are: one in 20 takes half a second.
var hedgeTail = service.Tail{Share: 0.05, Time: 500 * time.Millisecond}

func hedgeVariants() (all []scenarios.Variant) {
	for _, v := range []struct {
		name, doc  string
		policy     policy.Policy
		tail, slow bool // whether it is right then
	}{
		{"none", "each request is sent once", policy.None, false, true},
		{"hedge", "it is sent again after 60 ms (failsafe-go)", policy.FailsafeHedge(policy.Hedge{After: hedgeAfter}), true, false},
		{"hedge-budget", "the same, and a tenth of what is under way may be hedges", policy.FailsafeHedge(policy.Hedge{After: hedgeAfter, Share: hedgeShare}), true, true},
	} {
		backend := service.Service{Role: troubled, Workers: hedgeWorkers, Time: hedgeTime}
		test := func(backend service.Service, judge checker.Checker, fixed bool) capsize.Test {
			system := service.System{Client: v.policy, Services: []service.Service{backend}}
			return capsize.Test{
				Name: "hedging " + v.name, System: system, Nodes: 1, Clients: 1, Duration: troubleRun, Settle: 3 * time.Second, Timeout: 5 * time.Second,
				Workload: workloads.Requests(system.Open, workloads.RequestLoad{Arrivals: workloads.Constant(hedgeRate), Deadline: hedgeDeadline, Checker: judge}),
				Expect:   scenarios.Expected(fixed),
			}
		}
		slow := test(backend, resilience.Unrelated(0.99, trouble, "/"), v.slow)
		slow.Nemesis = troubleWith(nemesis.Degrades(cluster.SlowByTen, nemesis.WithRole(troubled)))
		backend.Tail = hedgeTail
		all = append(all,
			scenarios.Variant{Name: v.name, Doc: v.doc, Fault: tailFault, Fixed: v.tail, Test: test(backend, quick(hedgeMost, hedgeQuick, trouble), v.tail)},
			scenarios.Variant{Name: v.name, Doc: v.doc, Fault: slowFault, Fixed: v.slow, Test: slow})
	}
	return all
}

// quick returns the checker of a quantile of the latencies: the share q of the answers that are ok takes at most that long.
func quick(q float64, most time.Duration, s resilience.Interval) checker.Checker {
	return checker.Func(func(_ context.Context, h *history.History) checker.Result {
		res := checker.Result{Checker: "latency", Broken: "answers are too slow"}
		took := latencies(h, s)
		if len(took) == 0 {
			res.Verdict, res.Reason = checker.Unknown, fmt.Sprintf("no request %v was answered", s)
			return res
		}
		slices.Sort(took)
		at := took[int(q*float64(len(took)-1))]
		res.Reason = fmt.Sprintf("%.0f %% of the answers took at most %v, and %v is the bound", 100*q, at, most)
		if at > most {
			res.Verdict = checker.Invalid
		}
		return res
	})
}

func hedgeHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		if r.Fixed != (r.Invalid == 0) || r.Unknown > 0 {
			return fmt.Errorf("%s, %s: %d of %d seeds are invalid", r.Variant, r.Fault, r.Invalid, r.Seeds)
		}
		if n := r.Metrics["attempts_per_request"]; r.Fixed && n > 1.4 {
			return fmt.Errorf("%s, %s: %.2f attempts a request", r.Variant, r.Fault, n)
		}
	}
	return nil
}
