package pools

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/pool"
	"github.com/capsize-go/capsize/workloads"
)

// PoolFailover is the scenario of connections in a pool that are no good any more.
func PoolFailover() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "pool-failover",
		Question: "what do the connections of a pool do to requests when the database has restarted, has moved, or has answered too late?",
		Shows: "each dead connection costs a request, and none does if connections are validated; connections to a former primary are kept until something ends " +
			"them; without a query timeout a primary that vanished freezes requests; a connection whose query was cancelled must not be used again; " +
			"connections that were made together end together, unless their lifetimes differ",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "no outcome", Metric: "without_outcome", Format: scenarios.Count}, {Title: "failed", Metric: "failed", Format: scenarios.Count},
			{Title: "failed after", Metric: "failed_after", Format: scenarios.Count}, {Title: "available after", Metric: "availability_after", Format: scenarios.Fine},
			{Title: "others' rows", Metric: "foreign_rows", Format: scenarios.Count}, {Title: "connects", Metric: "connects", Format: scenarios.Count},
			{Title: "in 250 ms", Metric: "connects_peak", Format: scenarios.Count}, {Title: "slowest outcome", Metric: "slowest_outcome_ns", Format: scenarios.Span},
		},
		Meter:    func(scenarios.Variant) scenarios.Meter { return &failoverMeter{freezeMeter: &freezeMeter{}} },
		Holds:    poolFailoverHolds,
		Variants: failoverVariants(),
	}
}

const (
	failoverSize     = 20
	failoverRun      = 14 * time.Second
	failoverSettle   = 2 * time.Second
	failoverDeadline = 2 * time.Second
	failoverAt       = 5 * time.Second        // when the database restarts, moves or vanishes
	failoverDown     = 200 * time.Millisecond // how long a restart takes
	failoverAfter    = 9 * time.Second        // from when on all must be well
	failoverLife     = 3 * time.Second        // of connections
	failoverWindow   = 250 * time.Millisecond
	failoverMost     = 14 // connects within that

	faultRestart  = "restart"
	faultSwitch   = "switchover"
	faultVanish   = "vanish"
	faultCancel   = "cancelled queries"
	faultLifetime = "lifetimes"
)

// failoverWarm is the time from when the pool is full.
var failoverWarm = resilience.Interval{From: time.Second}

// failoverArrivals fills the pool at first, and goes on calmly.
func failoverArrivals(at time.Duration) float64 {
	if at < 500*time.Millisecond {
		return 400
	}
	return 20
}

// lifetimeArrivals keeps about eighteen connections busy, of lifetimeSize.
func lifetimeArrivals(time.Duration) float64 { return 180 }

const lifetimeSize = 30

func failoverVariants() []scenarios.Variant {
	base := pool.Service{Size: failoverSize, Takes: 100 * time.Millisecond, AcquireTimeout: time.Second, QueryTimeout: 500 * time.Millisecond}
	with := func(change func(s *pool.Service)) pool.Service {
		s := base
		change(&s)
		return s
	}
	standby := func(l pool.Lifetime) pool.Service {
		return with(func(s *pool.Service) { s.Lifetime, s.Replicas = l, pool.Replicas{Standby: true, SwitchAt: failoverAt} })
	}
	restarted := resilience.Unrelated(freezeHello, resilience.Interval{From: failoverAt + failoverDown + 100*time.Millisecond}, "/order")
	after := resilience.Unrelated(freezeHello, resilience.Interval{From: failoverAfter}, "/order")
	answered := resilience.Answered(time.Microsecond)
	vanish := func(s *pool.Service) { s.Replicas.Standby = true }
	return []scenarios.Variant{
		failoverVariant("sql", faultRestart, "database/sql as it is: a connection that died while it was idle is noticed by the request that uses it", base, restarted, false),
		failoverVariant("sql-ping", faultRestart, "a ping before each use", with(func(s *pool.Service) { s.Lifetime.Validate = 200 * time.Millisecond }), restarted, true),
		failoverVariant("sql", faultSwitch, "", standby(pool.Lifetime{}), after, false),
		failoverVariant("sql-lifetime", faultSwitch, "connections live for 3 s at most", standby(pool.Lifetime{Most: failoverLife}), after, true),
		failoverVariant("sql-reject-read-only", faultSwitch, "a connection is closed whose database says that it is a read-only replica", standby(pool.Lifetime{RejectReadOnly: true}), after, true),
		failoverVariant("sql-no-query-timeout", faultVanish, "a query waits for its answer as long as it takes",
			with(func(s *pool.Service) { vanish(s); s.QueryTimeout = 0 }), answered, false),
		failoverVariant("sql", faultVanish, "", with(vanish), checker.All(answered, after), true),
		failoverVariant("sql-keep-cancelled", faultCancel, "the driver keeps a connection whose query was cancelled", cancelling(true), ownRows(), false),
		failoverVariant("sql", faultCancel, "", cancelling(false), ownRows(), true),
		failoverVariant("sql-lifetime", faultLifetime, "", with(func(s *pool.Service) { s.Lifetime.Most, s.Size = failoverLife, lifetimeSize }), noWave(), false),
		failoverVariant("sql-lifetime-jitter", faultLifetime, "connections live for up to 3 s, each by a time of its own",
			with(func(s *pool.Service) {
				s.Lifetime, s.Size = pool.Lifetime{Most: failoverLife, Jitter: 0.8}, lifetimeSize
			}), noWave(), true),
	}
}

// cancelling has queries that take about as long as they may.
func cancelling(keep bool) pool.Service {
	return pool.Service{Size: 3, Takes: 80 * time.Millisecond, Spread: 0.5, QueryTimeout: 110 * time.Millisecond, AcquireTimeout: time.Second, KeepCancelled: keep}
}

func failoverVariant(name, fault, doc string, s pool.Service, rule checker.Checker, fixed bool) scenarios.Variant {
	t := capsize.Test{
		Name: "pool-failover " + name, System: s, Nodes: s.Nodes(), Clients: 1, Duration: failoverRun, Settle: failoverSettle, Timeout: freezePatience,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: failoverArrivals, Routes: pool.Routes, Deadline: failoverDeadline}),
		Checker:  rule, Expect: scenarios.Expected(fixed),
	}
	database := nemesis.WithRole(pool.DatabaseRole)
	switch fault {
	case faultRestart:
		t.Nemesis = nemesis.At(failoverAt, failoverDown, nemesis.Crashes(database))
	case faultVanish:
		t.Nemesis = nemesis.At(failoverAt, failoverRun-failoverAt, nemesis.Vanishes(database))
	case faultCancel:
		t.Workload = workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(20), Routes: pool.Routes, Deadline: failoverDeadline})
	case faultLifetime:
		t.Duration = failoverRun / 2
		t.Workload = workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: lifetimeArrivals, Routes: pool.Routes[:1], Deadline: failoverDeadline})
	}
	return scenarios.Variant{Name: name, Doc: doc, Fault: fault, Fixed: fixed, Test: t}
}

// ownRows returns the checker that each order gets its own row.
func ownRows() checker.Checker {
	return checker.Func(func(_ context.Context, h *history.History) checker.Result {
		res := checker.Result{Checker: "own rows", Broken: "a request got the row of another one"}
		orders := 0
		for c := range h.Calls() {
			of, own := rowOf(c)
			if of == "" {
				continue
			}
			orders++
			if !own && res.Verdict == checker.Valid {
				res.Verdict = checker.Invalid
				res.Counterexample = &checker.Counterexample{Reason: fmt.Sprintf("%v got the row of request %s", c.Invoke.Input, of), Calls: []history.Call{c}, Judged: h.Len() / 2}
				res.Reason = res.Counterexample.Reason
			}
		}
		if orders == 0 {
			res.Verdict, res.Reason = checker.Unknown, "no order got a row"
		} else if res.Verdict == checker.Valid {
			res.Reason = fmt.Sprintf("all %d rows are those of their requests", orders)
		}
		return res
	})
}

// noWave returns the checker that connections are made one by one, once the pool is full.
func noWave() checker.Checker {
	return checker.Func(func(_ context.Context, h *history.History) checker.Result {
		res := checker.Result{Checker: "no wave", Broken: "too many connections were made at once"}
		m, err := resilience.MeasureAdmitted(h, failoverWindow, failoverWarm)
		if err != nil {
			res.Verdict, res.Reason = checker.Unknown, err.Error()
			return res
		}
		res.Reason = fmt.Sprintf("%d new connections within %v, at %v; %d are allowed", m.Most, failoverWindow, m.At, failoverMost)
		if m.Most > failoverMost {
			res.Verdict = checker.Invalid
		}
		return res
	})
}

// rowOf returns for which request the row is that an order got, empty if it got none, and whether it is the order's own.
func rowOf(c history.Call) (of string, own bool) {
	in, ok := c.Invoke.Input.(model.RequestOp)
	out, answered := c.Complete.Output.(model.Answer)
	if !ok || !answered || in.F != "request" {
		return "", false
	}
	return out.For, out.For == strconv.Itoa(in.ID)
}

// A failoverMeter also counts what failed when all should have been well, rows of other requests, and connects.
type failoverMeter struct {
	*freezeMeter
	after          resilience.Outcomes
	foreign        int
	connects, peak int
}

// Add counts one run.
func (m *failoverMeter) Add(ctx context.Context, r *capsize.Result) error {
	after, err := resilience.MeasureOutcomes(r.History, resilience.Interval{From: failoverAt + failoverDown + 100*time.Millisecond})
	if err != nil {
		return err
	}
	m.after = m.after.Plus(after)
	admitted, err := resilience.MeasureAdmitted(r.History, failoverWindow, failoverWarm)
	if err == nil {
		m.connects, m.peak = m.connects+admitted.Admitted, max(m.peak, admitted.Most)
	}
	for c := range r.History.Calls() {
		if of, own := rowOf(c); of != "" && !own {
			m.foreign++
		}
	}
	return m.freezeMeter.Add(ctx, r)
}

// Fill writes what was counted.
func (m *failoverMeter) Fill(row *scenarios.Row) {
	m.freezeMeter.Fill(row)
	for metric, x := range map[string]float64{
		"failed": float64(m.all.Failed), "failed_after": float64(m.after.Failed), "availability_after": m.after.Availability(), "foreign_rows": float64(m.foreign),
		"connects": float64(m.connects), "connects_peak": float64(m.peak),
	} {
		row.Metrics[metric] = x
	}
}

func poolFailoverHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		if r.Fixed && r.Valid != r.Seeds || !r.Fixed && r.Invalid != r.Seeds {
			return fmt.Errorf("%s under %s: %d of %d seeds are valid and %d invalid", r.Variant, r.Fault, r.Valid, r.Seeds, r.Invalid)
		}
	}
	return nil
}
