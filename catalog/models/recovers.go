package models

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
)

// recovery is how long after its trigger a system has time to recover, and recovered which share of its goodput it must then have.
const (
	recovery  = 10 * time.Second
	recovered = 0.9
)

// recovers returns the checker that goodput comes back after a trigger; after the faults of the history, if that is the zero span.
func recovers(trigger resilience.Interval) checker.Checker {
	if trigger.To > 0 {
		return resilience.Recovers(trigger, recovery, recovered)
	}
	return checker.Func(func(ctx context.Context, h *history.History) checker.Result {
		s, ok := faultsOf(h)
		if !ok {
			return checker.Result{Checker: "recovers", Verdict: checker.Unknown, Undecided: "recovery could not be judged",
				Reason: "no fault of the history was healed: --limit FROM-TO says when the trigger was there, as in 10s-30s"}
		}
		return resilience.Recovers(s, recovery, recovered).Check(ctx, h)
	})
}

// faultsOf returns the span from the first fault of a history to the end of the last, and false if none was healed.
func faultsOf(h *history.History) (s resilience.Interval, ok bool) {
	for f := range h.Faults() {
		if f.Open() {
			continue
		}
		if !ok {
			s.From = f.Invoke.Time
		}
		s.From, s.To, ok = min(s.From, f.Invoke.Time), max(s.To, f.Complete.Time), true
	}
	return s, ok && s.To > 0
}
