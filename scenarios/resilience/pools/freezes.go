package pools

import (
	"context"
	"strings"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/scenarios"
)

// A freezeMeter counts requests that froze, and where they wait.
type freezeMeter struct {
	all, unrelated resilience.Outcomes
	slowestWait    time.Duration // that ended
	leaked, waits  int           // holds and waits that never ended
	freezes        int           // runs with a wait that never ended
	stacks         int           // runs with one of which the history says where it waits
	where          string        // the first of these
}

var freezeColumns = []scenarios.Column{
	{Title: "frozen", Metric: "frozen_requests", Format: scenarios.Count}, {Title: "no outcome", Metric: "without_outcome", Format: scenarios.Count},
	{Title: "slowest wait", Metric: "slowest_wait_ns", Format: scenarios.Span}, {Title: "slowest outcome", Metric: "slowest_outcome_ns", Format: scenarios.Span},
	{Title: "available", Metric: "availability", Format: scenarios.Fine}, {Title: "unrelated", Metric: "unrelated_availability", Format: scenarios.Fine},
	{Title: "leaked", Metric: "leaked", Format: scenarios.Count},
}

// Add counts one run.
func (m *freezeMeter) Add(_ context.Context, r *capsize.Result) error {
	all, err := resilience.MeasureOutcomes(r.History, resilience.Interval{})
	if err != nil {
		return err
	}
	m.all = m.all.Plus(all)
	routes, err := resilience.MeasureRoutes(r.History, resilience.Interval{})
	if err != nil {
		return err
	}
	m.unrelated = m.unrelated.Plus(routes[helloRoute])
	leaks, err := resilience.MeasureLeaks(r.History)
	if err != nil {
		return err
	}
	m.leaked, m.waits = m.leaked+leaks.Leaked, m.waits+leaks.Waits
	m.addWaits(r.History)
	return nil
}

// addWaits looks at how long waits took, and where those are that never ended.
func (m *freezeMeter) addWaits(h *history.History) {
	frozen, stack := false, ""
	for c := range h.Calls() {
		in, ok := c.Invoke.Input.(model.RequestOp)
		if !ok || in.F != "wait" {
			continue
		}
		if c.Complete.Type == history.OK || c.Complete.Type == history.Fail {
			m.slowestWait = max(m.slowestWait, c.Complete.Time-c.Invoke.Time)
			continue
		}
		frozen = true
		if where, ok := strings.CutPrefix(c.Complete.Err, "still waits in "); ok && stack == "" {
			stack = where
		}
	}
	if frozen {
		m.freezes++
	}
	if stack != "" {
		m.stacks++
		m.where = stack
	}
}

// Fill writes what was counted.
func (m *freezeMeter) Fill(row *scenarios.Row) {
	for metric, x := range map[string]float64{
		"requests": float64(m.all.Requests), "frozen_requests": float64(m.all.Frozen), "without_outcome": float64(m.all.WithoutOutcome),
		"slowest_outcome_ns": float64(m.all.Slowest), "availability": m.all.Availability(), "unrelated_availability": m.unrelated.Availability(),
		"slowest_wait_ns": float64(m.slowestWait), "leaked": float64(m.leaked), "frozen_waits": float64(m.waits),
		"freezes": float64(m.freezes), "freezes_with_stack": float64(m.stacks),
	} {
		row.Metrics[metric] = x
	}
}
