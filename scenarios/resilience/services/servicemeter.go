package services

import (
	"context"
	"slices"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
)

// The scenarios of a service that something is wrong with have one course.
const (
	troubleBegin = 3 * time.Second
	troubleEnd   = 13 * time.Second
	troubleRun   = 15 * time.Second
	troubled     = "backend" // the role of the service that a fault takes
)

// trouble is when something is wrong.
var trouble = resilience.Interval{From: troubleBegin, To: troubleEnd}

// troubleWith injects a fault into the service with the role.
func troubleWith(f nemesis.Fault) nemesis.Nemesis {
	return nemesis.At(troubleBegin, troubleEnd-troubleBegin, f)
}

// A serviceMeter counts what requests had for an outcome while something was wrong.
type serviceMeter struct {
	during    resilience.Interval
	unrelated []string // routes that do not need what is broken

	seeds    int
	all      resilience.Outcomes
	others   resilience.Outcomes // of the unrelated routes
	attempts resilience.Attempts
	parts    resilience.Parts
	took     []time.Duration // from a request to its answer, where that was ok
}

// Add counts one run.
func (m *serviceMeter) Add(_ context.Context, r *capsize.Result) error {
	m.seeds++
	all, err := resilience.MeasureOutcomes(r.History, m.during)
	if err != nil {
		return err
	}
	routes, err := resilience.MeasureRoutes(r.History, m.during)
	if err != nil {
		return err
	}
	attempts, err := resilience.MeasureAttempts(r.History, m.during)
	if err != nil {
		return err
	}
	parts, err := resilience.MeasureParts(r.History, m.during)
	m.all = m.all.Plus(all)
	for _, route := range m.unrelated {
		m.others = m.others.Plus(routes[route])
	}
	m.attempts.Requests += attempts.Requests
	m.attempts.ByDepth = summed(m.attempts.ByDepth, attempts.ByDepth)
	m.parts = resilience.Parts{OK: m.parts.OK + parts.OK, Partial: m.parts.Partial + parts.Partial, Silent: m.parts.Silent + parts.Silent}
	m.took = append(m.took, latencies(r.History, m.during)...)
	return err
}

// summed returns the sums of counts, place by place.
func summed(a, b []int) []int {
	sum := make([]int, max(len(a), len(b)))
	for i := range sum {
		if i < len(a) {
			sum[i] += a[i]
		}
		if i < len(b) {
			sum[i] += b[i]
		}
	}
	return sum
}

// latencies returns how long the requests of a span took that were ok.
func latencies(h *history.History, s resilience.Interval) (all []time.Duration) {
	for c := range h.Calls() {
		in, ok := c.Invoke.Input.(model.RequestOp)
		if ok && in.F == "request" && s.Contains(c.Invoke.Time) && c.Complete.Type == history.OK {
			all = append(all, c.Complete.Time-c.Invoke.Time)
		}
	}
	return all
}

// Fill writes what was counted.
func (m *serviceMeter) Fill(row *scenarios.Row) {
	row.Metrics["requests"] = scenarios.Ratio(m.all.Requests, m.seeds)
	row.Metrics["availability"] = m.all.Availability()
	row.Metrics["goodput_during"] = scenarios.Ratio(m.all.OK, m.seeds) / (m.during.To - m.during.From).Seconds()
	row.Metrics["without_outcome"] = float64(m.all.WithoutOutcome)
	row.Metrics["frozen_requests"] = float64(m.all.Frozen)
	row.Metrics["slowest_outcome_ns"] = float64(m.all.Slowest)
	if len(m.unrelated) > 0 {
		row.Metrics["unrelated_availability"] = m.others.Availability()
	}
	deepest := m.attempts.Deepest()
	row.Metrics["attempts_per_request"] = m.attempts.PerRequest(deepest)
	row.Metrics["partial_share"] = scenarios.Ratio(m.parts.Partial, m.parts.OK)
	row.Metrics["silent_share"] = scenarios.Ratio(m.parts.Silent, m.parts.OK)
	if slices.Sort(m.took); len(m.took) > 0 {
		row.Metrics["p50_ns"] = float64(m.took[(len(m.took)-1)/2])
		row.Metrics["p97_ns"] = float64(m.took[(len(m.took)-1)*97/100])
		row.Metrics["p99_ns"] = float64(m.took[(len(m.took)-1)*99/100])
	}
}
