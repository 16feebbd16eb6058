package balancing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/balance"
)

// LBHealth is the scenario of what a health check should look at, and what a balancer does when all backends fail it.
func LBHealth() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "lb-health",
		Question: "what should a health check look at, and what should a balancer do when every backend fails it?",
		Shows: "a check that asks the process alone never sees a backend that fails users; one that asks what the backend depends on sees it within seconds, and makes an outage of " +
			"all routes out of a dependency that fails, unless the balancer fails open; the same holds for ejection by answers without a limit",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "errors", Metric: "error_share", Format: scenarios.Fine}, {Title: "routes without the dependency", Metric: "unrelated_availability", Format: scenarios.Fine},
			{Title: "detection gap", Metric: "detection_gap_ns", Format: scenarios.Span}, {Title: "to the bad node", Metric: "bad_node_share", Format: scenarios.Fine},
		},
		Meter: func(v scenarios.Variant) scenarios.Meter {
			return &healthMeter{balancing: balancingOf(v), fault: v.Fault}
		},
		Holds:    lbHealthHolds,
		Variants: lbHealthVariants(),
	}
}

// Faults of the scenario.
const (
	dependencyFails = "dependency fails"
	backendFails    = "backend fails"
)

const (
	healthRate = 40
	healthWork = 50 * time.Millisecond
	homeRoute  = "/home"    // does not need the dependency
	ownRoute   = "/account" // does
	healthSoon = 3 * time.Second
	healthLost = 0.99 // of the requests that don't need the dependency, at least
)

func lbHealthVariants() (all []scenarios.Variant) {
	deep := balance.Probes{Every: time.Second, Path: balance.Deep}
	shallow := balance.Probes{Every: time.Second, Path: balance.Shallow}
	for _, v := range []struct {
		name, doc string
		s         balance.Service
		wrong     []string // faults under which it is
	}{
		{"deep-closed", "a probe asks the dependency too; a backend that fails it gets nothing (fail closed)", balance.Service{Probes: deep}, []string{dependencyFails}},
		{"deep-open", "the same, and if fewer than half of the backends are healthy all get requests (fail open, a panic threshold of 50 %)",
			balance.Service{Probes: deep, Panic: 0.5}, nil},
		{"shallow", "a probe asks whether the process runs", balance.Service{Probes: shallow}, []string{backendFails}},
		{"shallow-ejecting", "the same, and a backend that fails users three times in a row is out, but never more than half of all",
			balance.Service{Probes: shallow, Ejection: balance.Ejection{After: 3}}, nil},
		{"shallow-ejecting-all", "the same without the limit", balance.Service{Probes: shallow, Ejection: balance.Ejection{After: 3, Most: 1}}, []string{dependencyFails}},
	} {
		for _, fault := range []string{dependencyFails, backendFails} {
			all = append(all, healthVariant(v.name, v.doc, v.s, fault, !slices.Contains(v.wrong, fault)))
		}
	}
	return all
}

func healthVariant(name, doc string, s balance.Service, fault string, fixed bool) scenarios.Variant {
	s.Work, s.Needs = healthWork, []string{ownRoute}
	trouble := balance.Trouble{Node: lbBad, How: balance.FailsFast, From: lbFrom, To: lbTo}
	rule := resilience.Detected(healthSoon)
	if fault == dependencyFails {
		trouble.Node = s.Dependency()
		rule = resilience.Unrelated(healthLost, lbTrouble, homeRoute)
	}
	s.Trouble = []balance.Trouble{trouble}
	return scenarios.Variant{Name: name, Doc: doc, Fault: fault, Fixed: fixed, Test: lbTest("lb-health "+name, s, healthRate, rule, fixed, homeRoute, ownRoute)}
}

// A healthMeter also counts what was answered of the routes that do not need the dependency, and when the balancer saw that a backend failed.
type healthMeter struct {
	*balancing
	fault string
	home  resilience.Outcomes
	gap   time.Duration
}

// Add counts one run.
func (m *healthMeter) Add(ctx context.Context, r *capsize.Result) error {
	routes, err := resilience.MeasureRoutes(r.History, lbTrouble)
	if err != nil {
		return err
	}
	m.home.Requests, m.home.OK = m.home.Requests+routes[homeRoute].Requests, m.home.OK+routes[homeRoute].OK
	if m.fault == backendFails {
		d, err := resilience.MeasureDetection(r.History)
		if err != nil {
			return err
		}
		m.gap = max(m.gap, d.Gap)
	}
	return m.balancing.Add(ctx, r)
}

// Fill writes what was counted.
func (m *healthMeter) Fill(row *scenarios.Row) {
	m.balancing.Fill(row)
	row.Metrics["unrelated_availability"] = m.home.Availability()
	if m.fault == backendFails {
		row.Metrics["detection_gap_ns"] = float64(m.gap)
	} else {
		delete(row.Metrics, "bad_node_share")
	}
}

func lbHealthHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		if want := r.Seeds; r.Fixed && r.Invalid > 0 || !r.Fixed && r.Invalid < want {
			return fmt.Errorf("%s under %s: %d of %d seeds are invalid", r.Variant, r.Fault, r.Invalid, r.Seeds)
		}
		if home := r.Metrics["unrelated_availability"]; r.Fault == dependencyFails && !r.Fixed && home > 0.25 {
			return fmt.Errorf("%s: %s of the requests that do not need the dependency were answered: no outage", r.Variant, scenarios.Fine(home))
		}
		if gap := time.Duration(r.Metrics["detection_gap_ns"]); r.Fault == backendFails && !r.Fixed && gap < (lbTo-lbFrom)*9/10 {
			return fmt.Errorf("%s: the balancer saw after %v that a backend failed", r.Variant, gap)
		}
	}
	return nil
}
