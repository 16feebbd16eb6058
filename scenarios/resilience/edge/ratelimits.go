package edge

import (
	"context"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/limit"
)

// limitGateways is how many gateways share a limit, or have one each.
const limitGateways = 3

func alone(m limit.Maker) limit.Gateways  { return limit.Gateways{Limiter: m} }
func shared(m limit.Maker) limit.Gateways { return limit.Gateways{Limiter: m, Store: true} }

// faultSpan returns from when to when the first fault of a run lasted.
func faultSpan(h *history.History) resilience.Interval {
	for f := range h.Faults() {
		return resilience.Interval{From: f.Invoke.Time, To: f.Complete.Time}
	}
	return resilience.Interval{}
}

// admissions is a Meter of limiters.
type admissions struct {
	promised              int // in any second
	asked, refused, inOne int
	overTime              bool  // what is admitted over time is shown
	sliding               []int // in the second before, of the first seed
}

// Add counts one run.
func (m *admissions) Add(_ context.Context, r *capsize.Result) error {
	if m.overTime && m.sliding == nil {
		all, err := resilience.MeasureAdmissions(r.History, time.Second, slidingStep)
		if err != nil {
			return err
		}
		m.sliding = all[:min(len(all), int(slidingShown/slidingStep))]
	}
	a, err := resilience.MeasureAdmitted(r.History, time.Second, resilience.Interval{})
	m.asked, m.refused, m.inOne = m.asked+a.Asked, m.refused+a.Refused, max(m.inOne, a.Most)
	return err
}

// Fill writes what was counted.
func (m *admissions) Fill(row *scenarios.Row) {
	row.Metrics["admitted_in_any_second"] = float64(m.inOne)
	row.Metrics["promised_in_any_second"] = float64(m.promised)
	row.Metrics["refused_share"] = scenarios.Ratio(m.refused, m.asked)
	row.Metrics["asked"] = float64(m.asked)
	if m.overTime {
		row.SetSeries(inLastSecond, m.sliding)
	}
}
