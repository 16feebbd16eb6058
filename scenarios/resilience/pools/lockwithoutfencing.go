package pools

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/lease"
	"github.com/capsize-go/capsize/workloads"
)

// LockWithoutFencing is the scenario of a lock whose holder is paused for longer than its lease.
func LockWithoutFencing() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "lock-without-fencing",
		Question: "the holder of a lock is paused, and its lease ends: what becomes of what it writes when it wakes up?",
		Shows: "the lock alone loses updates, and so does a client that looks at its lease before it writes; a store that refuses old tokens loses none, though two clients " +
			"believe to have the lock; compare-and-swap needs no lock",
		Seeds: 20,
		Columns: []scenarios.Column{
			{Title: "increments", Metric: "increments", Format: scenarios.Count}, {Title: "lost", Metric: "lost_updates", Format: scenarios.Count},
			{Title: "holders at once", Metric: "holders_at_once", Format: scenarios.Count}, {Title: "available", Metric: "availability", Format: scenarios.Fine},
		},
		Meter:    func(scenarios.Variant) scenarios.Meter { return &lockMeter{} },
		Holds:    lockHolds,
		Variants: lockVariants(),
	}
}

const (
	lockRate     = 5.0
	lockRun      = 20 * time.Second
	lockSettle   = 2 * time.Second
	lockDeadline = 2 * time.Second
	lockPauses   = 3 * time.Second // how often one is paused, about
	lockRoute    = "/increment"
)

func lockVariants() (all []scenarios.Variant) {
	for _, v := range []struct {
		protection lease.Protection
		doc        string
		fixed      bool
	}{
		{lease.Unfenced, "a lock with a lease", false},
		{lease.Checked, "the client looks before it writes whether the lease still lasts", false},
		{lease.Fenced, "the store refuses a token that is older than one it has seen", true},
		{lease.Swapped, "no lock: the store writes if the value is still the one that was read", true},
	} {
		s := lease.Service{Protection: v.protection}
		all = append(all, scenarios.Variant{Name: string(v.protection), Doc: v.doc, Fixed: v.fixed, Test: capsize.Test{
			Name: "lock-without-fencing " + string(v.protection), System: s, Nodes: s.Nodes(), Clients: 4, Duration: lockRun, Settle: lockSettle, Timeout: 10 * time.Second,
			Nemesis:  nemesis.Every(lockPauses, nemesis.Pauses(nemesis.ClientWithRole(lease.HolderRole))),
			Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(lockRate), Routes: []string{lockRoute}, Deadline: lockDeadline}),
			Checker:  noLostUpdates(), Expect: scenarios.Expected(v.fixed),
		}})
	}
	return all
}

// noLostUpdates returns the checker that no two increments found the counter at the same value.
func noLostUpdates() checker.Checker {
	return checker.Func(func(_ context.Context, h *history.History) checker.Result {
		res := checker.Result{Checker: "no lost updates", Broken: "an update was lost"}
		first, lost, n := firstLost(h)
		switch {
		case n == 0:
			res.Verdict, res.Reason = checker.Unknown, "no increment was done"
		case lost > 0:
			res.Verdict = checker.Invalid
			res.Reason = fmt.Sprintf("%d of %d increments were lost: %v and %v found the counter at the same value", lost, n, first[0].Invoke.Input, first[1].Invoke.Input)
			res.Counterexample = &checker.Counterexample{Reason: res.Reason, Calls: first, Blamed: -1, Judged: h.Len() / 2}
		default:
			res.Reason = fmt.Sprintf("none of %d increments was lost", n)
		}
		return res
	})
}

// firstLost returns the first two increments that found the same value, how many did that found the value of another one, and how many
// there are.
func firstLost(h *history.History) (first []history.Call, lost, n int) {
	found := map[string]history.Call{}
	for c := range h.Calls() {
		out, ok := c.Complete.Output.(model.Answer)
		if in, is := c.Invoke.Input.(model.RequestOp); !ok || !is || in.F != "request" {
			continue
		}
		n++
		other, again := found[out.For]
		if again && lost == 0 {
			first = []history.Call{other, c}
		}
		if again {
			lost++
		}
		found[out.For] = c
	}
	return first, lost, n
}

// A lockMeter counts increments that were lost, and clients that believed to have the lock.
type lockMeter struct {
	all           resilience.Outcomes
	done, lost    int
	overwritten   int
	holdersAtOnce int
}

// Add counts one run.
func (m *lockMeter) Add(_ context.Context, r *capsize.Result) error {
	all, err := resilience.MeasureOutcomes(r.History, resilience.Interval{})
	if err != nil {
		return err
	}
	m.all = m.all.Plus(all)
	_, lost, n := firstLost(r.History)
	m.done, m.lost, m.overwritten = m.done+n, m.lost+lost, m.overwritten+r.Exercised.Marks["lost updates"]
	if held, err := resilience.MeasureInFlight(r.History, "lock"); err == nil {
		m.holdersAtOnce = max(m.holdersAtOnce, held.Most)
	}
	return nil
}

// Fill writes what was counted.
func (m *lockMeter) Fill(row *scenarios.Row) {
	for metric, x := range map[string]float64{
		"requests": float64(m.all.Requests), "increments": float64(m.done), "lost_updates": float64(m.lost), "overwritten": float64(m.overwritten),
		"holders_at_once": float64(m.holdersAtOnce), "availability": m.all.Availability(), "without_outcome": float64(m.all.WithoutOutcome),
		"slowest_outcome_ns": float64(m.all.Slowest),
	} {
		row.Metrics[metric] = x
	}
}

func lockHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		if r.Variant == string(lease.Fenced) && r.Metrics["holders_at_once"] < 2 {
			return fmt.Errorf("%s: at most %.0f held the lock at once, so fencing was not needed", r.Variant, r.Metrics["holders_at_once"])
		}
		if r.Fixed && r.Valid != r.Seeds {
			return fmt.Errorf("%s: %d of %d seeds are valid", r.Variant, r.Valid, r.Seeds)
		}
	}
	return scenarios.OnlyWrong(rows, "lost_updates")
}
