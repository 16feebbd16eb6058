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

// GatewayRetryPost is the scenario of a gateway that tries again what was done already.
func GatewayRetryPost() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "gateway-retry-post",
		Question: "how often is an order paid for, if the gateway tries again when no answer has come in time?",
		Shows: "more than once, unless the client gives each order an idempotency key, all tries reach who knows the key, and the key is stored before the work; " +
			"keys of the gateway, keys that each replica has for itself, and keys that are stored after the work do not help. Without retries each order is paid once, and the client often does not learn of it",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "effects a request", Metric: "effects_per_request", Format: threeDecimals}, {Title: "most", Metric: "most_effects", Format: scenarios.Count},
			{Title: "twice or more", Metric: "twice_share", Format: scenarios.Fine}, {Title: "ok", Metric: "ok_share", Format: scenarios.Fine},
		},
		Meter:   func(scenarios.Variant) scenarios.Meter { return &effects{} },
		Holds:   gatewayRetryPostHolds,
		Picture: rowpicture.Bars("How often an order is paid for", chart.Axis{Label: "effects a request"}, []chart.Level{{At: 1, Name: "once"}}, rowpicture.Measure{Metric: "effects_per_request"}),
		Variants: []scenarios.Variant{
			ordersVariant("no-retry", "the gateway tries once", gateway.Orders{}, true),
			ordersVariant("retry", "the gateway tries up to three times, and no replica recognises an order", gateway.Orders{Tries: 3}, false),
			ordersVariant("key-of-gateway", "the gateway makes an idempotency key for each try", gateway.Orders{Tries: 3, Key: gateway.TryKey, Dedup: gateway.Reserved, Sticky: true}, false),
			ordersVariant("key-each-replica", "the client makes the key, and each replica knows those that it has seen itself",
				gateway.Orders{Tries: 3, Key: gateway.ClientKey, Dedup: gateway.Reserved}, false),
			ordersVariant("key-after-work", "the client makes the key, and the replica stores it when the work is done",
				gateway.Orders{Tries: 3, Key: gateway.ClientKey, Dedup: gateway.Checked, Sticky: true}, false),
			ordersVariant("key", "the client makes the key, and the replica stores it before the work; who comes meanwhile waits for the result",
				gateway.Orders{Tries: 3, Key: gateway.ClientKey, Dedup: gateway.Reserved, Sticky: true}, true),
		},
	}
}

func threeDecimals(x float64) string { return fmt.Sprintf("%.3f", x) }

const ordersRun = 20 * time.Second

func ordersVariant(name, doc string, s gateway.Orders, fixed bool) scenarios.Variant {
	return scenarios.Variant{Name: name, Doc: doc, Fixed: fixed, Test: capsize.Test{
		Name: "gateway-retry-post " + name, System: s, Nodes: s.Nodes(), Clients: 2 * s.Nodes(), Duration: ordersRun, Timeout: 3 * time.Second,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(20), Routes: []string{"/orders"}, Deadline: 2 * time.Second}),
		Checker:  resilience.OnceEach(), Expect: scenarios.Expected(fixed),
	}}
}

// effects is a Meter of what is to be done once.
type effects struct {
	all      resilience.Effects
	outcomes resilience.Outcomes
}

// Add counts one run.
func (m *effects) Add(_ context.Context, r *capsize.Result) error {
	e, err := resilience.MeasureEffects(r.History, resilience.Interval{To: ordersRun}) // what is asked for later may be paid for after the run
	if err != nil {
		return err
	}
	m.all.Requests, m.all.Effects, m.all.Twice = m.all.Requests+e.Requests, m.all.Effects+e.Effects, m.all.Twice+e.Twice
	m.all.Lost, m.all.Most = m.all.Lost+e.Lost, max(m.all.Most, e.Most)
	return addOutcomes(&m.outcomes, r)
}

// Fill writes what was counted.
func (m *effects) Fill(row *scenarios.Row) {
	fillOutcomes(row, m.outcomes)
	row.Metrics["effects_per_request"] = scenarios.Ratio(m.all.Effects, m.all.Requests)
	row.Metrics["twice_share"] = scenarios.Ratio(m.all.Twice, m.all.Requests)
	row.Metrics["lost_effects"] = float64(m.all.Lost)
	row.Metrics["most_effects"] = float64(m.all.Most)
}

func gatewayRetryPostHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		if each := r.Metrics["effects_per_request"]; r.Fixed != (each == 1) || each < 1 || r.Fixed != (r.Invalid == 0) {
			return fmt.Errorf("%s: %.3f effects a request, and %d of %d seeds are invalid", r.Variant, each, r.Invalid, r.Seeds)
		}
	}
	return nil
}
