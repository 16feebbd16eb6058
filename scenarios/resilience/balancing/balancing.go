package balancing

import (
	"context"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/balance"
	"github.com/capsize-go/capsize/workloads"
)

// The scenarios of load balancers run for 24 seconds: something is wrong from the fifth to the twentieth.
const (
	lbFrom     = 5 * time.Second
	lbTo       = 20 * time.Second
	lbRun      = 24 * time.Second
	lbSettle   = 2 * time.Second
	lbDeadline = 2 * time.Second
	lbClients  = 4
)

// lbTrouble is when that is.
var lbTrouble = resilience.Interval{From: lbFrom, To: lbTo}

// lbBad is the backend that something is wrong with.
var lbBad = balance.Backend(1)

// lbTest is the test of a balancer under a load of so many requests a second for some routes.
func lbTest(name string, s balance.Service, rate float64, rule checker.Checker, fixed bool, routes ...string) capsize.Test {
	return capsize.Test{
		Name: name, System: s, Nodes: s.Nodes(), Clients: lbClients, Duration: lbRun, Settle: lbSettle, Timeout: 2 * lbDeadline,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(rate), Routes: routes, Deadline: lbDeadline}),
		Checker:  rule, Expect: scenarios.Expected(fixed),
	}
}

// headed returns a checker with another headline for what it finds.
func headed(broken string, c checker.Checker) checker.Checker {
	return checker.Func(func(ctx context.Context, h *history.History) checker.Result {
		r := c.Check(ctx, h)
		r.Broken = broken
		return r
	})
}

// A balancing is the meter of the scenarios of load balancers: the outcomes of requests while something was wrong, and which backends got
// them.
type balancing struct {
	backends []string            // of which the load is compared
	during   resilience.Interval // in which it is
	seeds    int
	outcomes resilience.Outcomes
	attempts map[string]int // by backend
	varied   float64        // sum of the coefficients of variation
}

// balancingOf returns the meter of a variant.
func balancingOf(v scenarios.Variant) *balancing {
	return &balancing{backends: v.Test.System.(balance.Service).Names(), during: lbTrouble, attempts: map[string]int{}}
}

// Add counts one run.
func (m *balancing) Add(_ context.Context, r *capsize.Result) error {
	o, err := resilience.MeasureOutcomes(r.History, m.during)
	if err != nil {
		return err
	}
	m.outcomes.Requests, m.outcomes.OK = m.outcomes.Requests+o.Requests, m.outcomes.OK+o.OK
	m.outcomes.WithoutOutcome += o.WithoutOutcome
	m.outcomes.Slowest = max(m.outcomes.Slowest, o.Slowest)
	load, err := resilience.MeasureLoad(r.History, m.during, m.backends...)
	if err != nil {
		return err
	}
	for _, node := range m.backends {
		m.attempts[node] += load.ByNode[node]
	}
	m.varied += load.Variation
	m.seeds++
	return nil
}

// Fill writes what was counted.
func (m *balancing) Fill(row *scenarios.Row) {
	all := 0
	for _, node := range m.backends {
		all += m.attempts[node]
	}
	row.Metrics["requests"] = float64(m.outcomes.Requests)
	row.Metrics["error_share"] = scenarios.Ratio(m.outcomes.Requests-m.outcomes.OK, m.outcomes.Requests)
	row.Metrics["without_outcome"] = float64(m.outcomes.WithoutOutcome)
	row.Metrics["slowest_outcome_ns"] = float64(m.outcomes.Slowest)
	row.Metrics["bad_node_share"] = scenarios.Ratio(m.attempts[lbBad], all)
	for _, node := range m.backends {
		row.Metrics["share_of_"+node] = scenarios.Ratio(m.attempts[node], all)
	}
	if m.seeds > 0 {
		row.Metrics["load_variation"] = m.varied / float64(m.seeds)
	}
}
