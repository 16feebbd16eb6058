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
func faultSpan(h *history.History) resilience.Span {
	for f := range h.Faults() {
		return resilience.Span{From: f.Invoke.Time, To: f.Complete.Time}
	}
	return resilience.Span{}
}

// admissions is a Meter of limiters.
type admissions struct {
	promised              int // in any second
	asked, refused, inOne int
}

// Add counts one run.
func (m *admissions) Add(_ context.Context, r *capsize.Result) error {
	a, err := resilience.MeasureAdmitted(r.History, time.Second, resilience.Span{})
	m.asked, m.refused, m.inOne = m.asked+a.Asked, m.refused+a.Refused, max(m.inOne, a.Most)
	return err
}

// Fill writes what was counted.
func (m *admissions) Fill(row *scenarios.Row) {
	row.Metrics["admitted_in_any_second"] = float64(m.inOne)
	row.Metrics["promised_in_any_second"] = float64(m.promised)
	row.Metrics["refused_share"] = scenarios.Ratio(m.refused, m.asked)
	row.Metrics["asked"] = float64(m.asked)
}
