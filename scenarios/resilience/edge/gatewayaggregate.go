package edge

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/internal/rowpicture"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/gateway"
	"github.com/capsize-go/capsize/workloads"
)

// GatewayAggregate is the scenario of an answer of three parts, of which one does not come.
func GatewayAggregate() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "gateway-aggregate",
		Question: "what does a client get from a gateway that puts answers of three services together, when one of them hangs?",
		Shows: "a page that lacks something, and does not say so, if what does not come is left out; nothing, if one part that is missing fails the page, and nothing in time, if the gateway waits for it; " +
			"a page that says what is missing, if it is labelled",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "silently missing", Metric: "silent_share", Format: scenarios.Fine}, {Title: "labelled", Metric: "partial_share", Format: scenarios.Fine},
			{Title: "answered while a part hangs", Metric: "ok_share_fault", Format: scenarios.Percent}, {Title: "slowest outcome", Metric: "slowest_outcome_ns", Format: scenarios.Span},
		},
		Meter:   func(scenarios.Variant) scenarios.Meter { return &pages{} },
		Holds:   gatewayAggregateHolds,
		Picture: rowpicture.Bars("A page of three parts, of which one hangs", chart.Axis{Label: "of the answers", Unit: "%"}, nil, rowpicture.Measure{Name: "lack it silently", Metric: "silent_share", Per: rowpicture.Percent}, rowpicture.Measure{Name: "say so", Metric: "partial_share", Per: rowpicture.Percent}),
		Variants: []scenarios.Variant{
			pageVariant("wait", "the gateway waits for each part as long as the client does", gateway.Page{Missing: gateway.Refuse}, false),
			pageVariant("left-out", "what has not come within 300 ms is left out", gateway.Page{Missing: gateway.LeaveOut, Timeout: pageTimeout}, false),
			pageVariant("all-or-nothing", "the page fails if a part has not come within 300 ms", gateway.Page{Missing: gateway.Refuse, Timeout: pageTimeout}, false),
			pageVariant("labelled", "what has not come within 300 ms is left out, and the page says so", gateway.Page{Missing: gateway.Label, Timeout: pageTimeout}, true),
			pageVariant("core-or-nothing", "the same for the last part; without one of the first two the page fails", gateway.Page{Missing: gateway.RefuseCore, Timeout: pageTimeout}, true),
		},
	}
}

const (
	pageTimeout  = 300 * time.Millisecond
	pageDeadline = time.Second
)

// partHangs has the service of the last part accept connections and answer nothing.
var partHangs = nemesis.New("part hangs", func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	nodes := c.Nodes()
	last := nodes[len(nodes)-1]
	return last, c.Pause(last), nil
})

func pageVariant(name, doc string, s gateway.Page, fixed bool) scenarios.Variant {
	return scenarios.Variant{Name: name, Doc: doc, Fixed: fixed, Test: capsize.Test{
		Name: "gateway-aggregate " + name, System: s, Nodes: s.Nodes(), Clients: 2 * s.Nodes(), Duration: 20 * time.Second, Timeout: 2 * pageDeadline,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(15), Routes: []string{"/page"}, Deadline: pageDeadline}),
		Nemesis:  nemesis.At(5*time.Second, 10*time.Second, partHangs),
		Checker:  checker.All(resilience.Whole(), answeredMeanwhile(0.99, "/page")), Expect: scenarios.Expected(fixed),
	}}
}

// answeredMeanwhile asks that a share of the requests for a route is answered during the first fault.
func answeredMeanwhile(atLeast float64, route string) checker.Checker {
	return checker.Func(func(ctx context.Context, h *history.History) checker.Result {
		return resilience.Unrelated(atLeast, faultSpan(h), route).Check(ctx, h)
	})
}

// pages is a Meter of answers that are made of parts.
type pages struct {
	parts           resilience.Parts
	outcomes, fault resilience.Outcomes
}

// Add counts one run.
func (m *pages) Add(_ context.Context, r *capsize.Result) error {
	p, err := resilience.MeasureParts(r.History, resilience.Interval{})
	if err != nil {
		return err
	}
	m.parts.OK, m.parts.Partial, m.parts.Silent = m.parts.OK+p.OK, m.parts.Partial+p.Partial, m.parts.Silent+p.Silent
	f, err := resilience.MeasureOutcomes(r.History, faultSpan(r.History))
	if err != nil {
		return err
	}
	m.fault.Requests, m.fault.OK = m.fault.Requests+f.Requests, m.fault.OK+f.OK
	return addOutcomes(&m.outcomes, r)
}

// Fill writes what was counted.
func (m *pages) Fill(row *scenarios.Row) {
	fillOutcomes(row, m.outcomes)
	row.Metrics["silent_share"] = scenarios.Ratio(m.parts.Silent, m.parts.OK)
	row.Metrics["partial_share"] = scenarios.Ratio(m.parts.Partial, m.parts.OK)
	row.Metrics["ok_share_fault"] = m.fault.Availability()
}

func gatewayAggregateHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		silent, answered := r.Metrics["silent_share"], r.Metrics["ok_share_fault"]
		bad := r.Variant == "left-out" && silent < 0.3 || r.Variant != "left-out" && silent != 0
		switch r.Variant {
		case "wait", "all-or-nothing":
			bad = bad || answered > 0.15 // those that the end of the fault comes in time for
		default:
			bad = bad || answered < 0.99
		}
		if bad || r.Fixed != (r.Invalid == 0) {
			return fmt.Errorf("%s: %.4f of the answers lack something silently, %.4f were answered, and %d of %d seeds are invalid", r.Variant, silent, answered, r.Invalid, r.Seeds)
		}
	}
	return nil
}
