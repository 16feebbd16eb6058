package pools

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/once"
	"github.com/capsize-go/capsize/workloads"
)

// ExactlyOnce is the scenario of requests that are tried again though they may have been done.
func ExactlyOnce() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "exactly-once",
		Question: "a client has no answer and asks again: how often is it done?",
		Shows: "without a table of what was done, more than once; with a table that is written together with what is done, once; a table that a restart does not have, or " +
			"that forgets before the client gives up, is as none when it matters",
		Seeds: 5,
		Columns: []scenarios.Column{
			{Title: "requests", Metric: "requests", Format: scenarios.Count}, {Title: "attempts a request", Metric: "attempts_per_request", Format: thousandths},
			{Title: "effects a request", Metric: "effects_per_request", Format: thousandths}, {Title: "done twice", Metric: "done_twice", Format: scenarios.Count},
			{Title: "lost", Metric: "effects_lost", Format: scenarios.Count}, {Title: "available", Metric: "availability", Format: scenarios.Fine},
		},
		Meter:    func(scenarios.Variant) scenarios.Meter { return &onceMeter{} },
		Holds:    exactlyOnceHolds,
		Variants: onceVariants(),
	}
}

func thousandths(x float64) string { return fmt.Sprintf("%.3f", x) }

const (
	onceRate     = 20.0
	onceRun      = 14 * time.Second
	onceSettle   = 4 * time.Second
	onceDeadline = 8 * time.Second
	onceCrash    = "restart"
	onceSlow     = "slow answers"
)

func onceVariants() (all []scenarios.Variant) {
	for _, v := range []struct {
		name, doc string
		service   once.Service
		fault     string
		fixed     bool
	}{
		{"no-retry", "one attempt", once.Service{Attempts: 1}, onceCrash, true},
		{"retry", "five attempts, and the service does not know them", once.Service{}, onceCrash, false},
		{"retry", "", once.Service{}, onceSlow, false},
		{"table", "the service keeps the keys of what it has done, in the same write", once.Service{Table: once.Kept}, onceCrash, true},
		{"table", "", once.Service{Table: once.Kept}, onceSlow, true},
		{"table-lost", "the snapshot from which the service starts has no table", once.Service{Table: once.Lost}, onceCrash, false},
		{"table-expiring", "the table forgets a key after 1 s, and a client asks again for longer", once.Service{Table: once.Expiring}, onceCrash, false},
	} {
		t := capsize.Test{
			Name: "exactly-once " + v.name, System: v.service, Nodes: v.service.Nodes(), Clients: 1, Duration: onceRun, Settle: onceSettle, Timeout: 2 * onceDeadline,
			Workload: workloads.Requests(v.service.Open, workloads.RequestLoad{Arrivals: workloads.Constant(onceRate), Routes: []string{"/pay"}, Deadline: onceDeadline}),
			Checker:  resilience.OnceEach(), Expect: scenarios.Expected(v.fixed),
		}
		service := nemesis.WithRole(once.Role)
		if v.fault == onceCrash {
			t.Nemesis = nemesis.Every(3*time.Second, nemesis.Crashes(service))
		} else {
			t.Nemesis = nemesis.At(3*time.Second, 4*time.Second, nemesis.Degrades(cluster.SlowByTen, service))
		}
		all = append(all, scenarios.Variant{Name: v.name, Doc: v.doc, Fault: v.fault, Fixed: v.fixed, Test: t})
	}
	return all
}

// A onceMeter counts attempts and effects.
type onceMeter struct {
	all      resilience.Outcomes
	attempts int
	effects  resilience.Effects
}

// Add counts one run.
func (m *onceMeter) Add(_ context.Context, r *capsize.Result) error {
	all, err := resilience.MeasureOutcomes(r.History, resilience.Interval{})
	if err != nil {
		return err
	}
	attempts, err := resilience.MeasureAttempts(r.History, resilience.Interval{})
	if err != nil {
		return err
	}
	effects, err := resilience.MeasureEffects(r.History, resilience.Interval{})
	if err != nil {
		return err
	}
	m.all = m.all.Plus(all)
	for _, n := range attempts.ByDepth {
		m.attempts += n
	}
	e := &m.effects
	e.Requests, e.Effects, e.Twice, e.Lost, e.Most = e.Requests+effects.Requests, e.Effects+effects.Effects, e.Twice+effects.Twice, e.Lost+effects.Lost, max(e.Most, effects.Most)
	return nil
}

// Fill writes what was counted.
func (m *onceMeter) Fill(row *scenarios.Row) {
	for metric, x := range map[string]float64{
		"requests": float64(m.all.Requests), "attempts_per_request": scenarios.Ratio(m.attempts, m.all.Requests),
		"effects_per_request": scenarios.Ratio(m.effects.Effects, m.effects.Requests), "done_twice": float64(m.effects.Twice), "effects_lost": float64(m.effects.Lost),
		"effects_most": float64(m.effects.Most), "availability": m.all.Availability(), "without_outcome": float64(m.all.WithoutOutcome),
	} {
		row.Metrics[metric] = x
	}
}

func exactlyOnceHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		switch effects := r.Metrics["effects_per_request"]; {
		case r.Fixed && (r.Valid != r.Seeds || effects > 1):
			return fmt.Errorf("%s under %s: %d of %d seeds are valid, with %.3f effects a request", r.Variant, r.Fault, r.Valid, r.Seeds, effects)
		case r.Variant == "table" && (effects != 1 || r.Metrics["availability"] < freezeHello):
			return fmt.Errorf("%s under %s: %.3f effects a request, and it must be 1; %.3f of the requests were ok", r.Variant, r.Fault, effects, r.Metrics["availability"])
		case !r.Fixed && (r.Invalid != r.Seeds || effects <= 1):
			return fmt.Errorf("%s under %s: %d of %d seeds are invalid, with %.3f effects a request", r.Variant, r.Fault, r.Invalid, r.Seeds, effects)
		}
	}
	return nil
}
