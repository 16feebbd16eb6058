package edge

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/internal/rowpicture"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/gateway"
	"github.com/capsize-go/capsize/workloads"
)

// GatewayTimeouts is the scenario of work that goes on when its client has given up.
func GatewayTimeouts() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "gateway-timeouts",
		Question: "how much work is done for clients that have given up?",
		Shows: "most of the work for slow requests if inner timeouts are longer than outer ones, more if the service retries, and still much if they are ordered, as long as the service " +
			"that computes does not know of them; next to none if all stop when the connection is closed, as HTTP/1 has it; none if the deadline goes with the request",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "orphaned", Metric: "orphaned_share", Format: scenarios.Fine}, {Title: "work", Metric: "work_ns", Format: scenarios.Span},
			{Title: "ok", Metric: "ok_share", Format: scenarios.Percent}, {Title: "slowest outcome", Metric: "slowest_outcome_ns", Format: scenarios.Span},
		},
		Meter:   func(scenarios.Variant) scenarios.Meter { return &orphanage{} },
		Holds:   gatewayTimeoutsHolds,
		Picture: rowpicture.Bars("Work for clients that have given up", chart.Axis{Label: "orphaned", Unit: "%"}, nil, rowpicture.Measure{Metric: "orphaned_share", Per: rowpicture.Percent}),
		Variants: []scenarios.Variant{
			timeoutsVariant("inverted", "clients wait for 1 s, the gateway for 2 s, the service behind it for 4 s; a slow request is computed for 3 s",
				gateway.Chain{Gateway: 2 * time.Second, Service: 4 * time.Second}, false),
			timeoutsVariant("inverted-retry", "the service behind the gateway waits for 1.5 s, and tries three times",
				gateway.Chain{Gateway: 5 * time.Second, Service: 1500 * time.Millisecond, Tries: 3}, false),
			timeoutsVariant("ordered", "clients wait for 1 s, the gateway for 0.8 s, the service for 0.6 s; who computes does not know of it",
				gateway.Chain{Gateway: 800 * time.Millisecond, Service: 600 * time.Millisecond}, false),
			timeoutsVariant("cancelled", "the timeouts are inverted, and all stop when the connection of the one that asked is closed",
				gateway.Chain{Gateway: 2 * time.Second, Service: 4 * time.Second, Heed: true}, true),
			timeoutsVariant("propagated", "the deadline of the client goes with the request, and no service begins a step that can't be done by then",
				gateway.Chain{Gateway: 2 * time.Second, Service: 4 * time.Second, Propagate: true}, true),
		},
	}
}

const (
	chainDeadline = time.Second
	chainRun      = 20 * time.Second
	fewOrphans    = 0.05 // the share that is allowed: to close a connection takes some milliseconds
)

func timeoutsVariant(name, doc string, s gateway.Chain, fixed bool) scenarios.Variant {
	return scenarios.Variant{Name: name, Doc: doc, Fixed: fixed, Test: capsize.Test{
		Name: "gateway-timeouts " + name, System: s, Nodes: s.Nodes(), Clients: 2 * s.Nodes(), Duration: chainRun, Timeout: 2 * chainDeadline,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(20), Deadline: chainDeadline}),
		Checker:  resilience.NoOrphans(fewOrphans), Expect: scenarios.Expected(fixed),
	}}
}

// orphanage is a Meter of the work that goes on when its client has given up.
type orphanage struct {
	work, orphaned time.Duration
	outcomes       resilience.Outcomes
}

// Add counts one run.
func (m *orphanage) Add(_ context.Context, r *capsize.Result) error {
	o, err := resilience.MeasureOrphans(r.History, resilience.Interval{})
	if err != nil {
		return err
	}
	m.work, m.orphaned = m.work+o.Work, m.orphaned+o.Orphaned
	return addOutcomes(&m.outcomes, r)
}

// addOutcomes adds the outcomes of the requests of a run.
func addOutcomes(all *resilience.Outcomes, r *capsize.Result) error {
	o, err := resilience.MeasureOutcomes(r.History, resilience.Interval{})
	all.Requests, all.OK, all.Failed = all.Requests+o.Requests, all.OK+o.OK, all.Failed+o.Failed
	all.WithoutOutcome, all.Slowest = all.WithoutOutcome+o.WithoutOutcome, max(all.Slowest, o.Slowest)
	return err
}

// Fill writes what was counted.
func (m *orphanage) Fill(row *scenarios.Row) {
	row.Metrics["orphaned_share"] = 0
	if m.work > 0 {
		row.Metrics["orphaned_share"] = m.orphaned.Seconds() / m.work.Seconds()
	}
	row.Metrics["work_ns"] = float64(m.work)
	fillOutcomes(row, m.outcomes)
}

func fillOutcomes(row *scenarios.Row, o resilience.Outcomes) {
	row.Metrics["requests"] = float64(o.Requests)
	row.Metrics["ok_share"] = o.Availability()
	row.Metrics["without_outcome"] = float64(o.WithoutOutcome)
	row.Metrics["slowest_outcome_ns"] = float64(o.Slowest)
}

func gatewayTimeoutsHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		orphaned := r.Metrics["orphaned_share"]
		bad := false
		switch r.Variant {
		case "inverted", "inverted-retry":
			bad = orphaned < 0.3
		case "cancelled":
			bad = orphaned > fewOrphans
		case "propagated":
			bad = orphaned != 0
		}
		if bad || r.Fixed != (r.Invalid == 0) {
			return fmt.Errorf("%s: %.4f of the work is orphaned, and %d of %d seeds are invalid", r.Variant, orphaned, r.Invalid, r.Seeds)
		}
	}
	return nil
}
