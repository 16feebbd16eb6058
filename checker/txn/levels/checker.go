package levels

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// Checker returns a checker of recorded runs, for histories that [txn.Of] takes: they have to keep all of the models. Without one that is
// strict-serializable.
//
// Its counterexample is the smallest set of transactions that shows an anomaly of a broken model, linked by their dependencies. A history without any transaction that committed is undecided.
func Checker(kind txn.Kind, models ...txn.Model) checker.Checker {
	return CheckerWith(txn.Options{Kind: kind, Models: models})
}

// CheckerWith returns a checker with options of its own: see [Checker].
func CheckerWith(o txn.Options) checker.Checker {
	return checkerOf(o, func(*history.History, *txn.Report) {})
}

// A Keeper is a checker that keeps the report of the last history that it judged, for who wants to know more of a run than the verdict and
// would else judge it again.
type Keeper struct {
	checker.Checker

	mu      sync.Mutex
	history *history.History
	report  *txn.Report
}

// NewKeeper returns a keeper: see [Checker].
func NewKeeper(kind txn.Kind, models ...txn.Model) *Keeper {
	k := &Keeper{}
	k.Checker = checkerOf(txn.Options{Kind: kind, Models: models}, func(h *history.History, rep *txn.Report) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.history, k.report = h, rep
	})
	return k
}

// Report returns the report of a history, with all models, or nil if it is not the last one that was judged, or could not be.
func (k *Keeper) Report(h *history.History) *txn.Report {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.history != h {
		return nil
	}
	return k.report
}

func checkerOf(o txn.Options, judged func(*history.History, *txn.Report)) checker.Checker {
	required := slices.Clone(o.Models)
	if len(required) == 0 {
		required = []txn.Model{txn.StrictSerializable}
	}
	o.Models = nil // the reason says which others hold
	return checker.Func(func(ctx context.Context, h *history.History) checker.Result {
		r := checker.Result{Checker: string(required[0])}
		if len(required) > 1 {
			r.Checker = "isolation"
		}
		txns, err := txn.Of(h)
		if err != nil {
			return undecided(r, "the history could not be read", err.Error())
		}
		rep, err := Judge(ctx, txns, o)
		if err != nil {
			return undecided(r, "the history could not be judged", err.Error())
		}
		judged(h, rep)
		if !slices.ContainsFunc(txns.Txns, func(t txn.Txn) bool { return t.Type == history.OK }) {
			return undecided(r, "no transaction committed", fmt.Sprintf("none of %d transactions is known to have committed", len(txns.Txns)))
		}
		return conclude(r, h, txns, rep, required)
	})
}

func undecided(r checker.Result, headline, reason string) checker.Result {
	r.Verdict, r.Undecided, r.Reason = checker.Unknown, headline, reason
	return r
}

// conclude makes a result of a report.
func conclude(r checker.Result, h *history.History, txns *txn.History, rep *txn.Report, required []txn.Model) checker.Result {
	for _, m := range required {
		f := rep.Finding(m)
		switch {
		case f.Verdict <= r.Verdict:
		case f.Verdict == checker.Unknown:
			r.Verdict, r.Undecided = checker.Unknown, "not known whether it is "+m.Title()
			r.Reason = fmt.Sprintf("%d transactions; %s: %s", rep.Judged, m.Title(), f.Reason)
		default:
			a := rep.Anomalies[f.Anomaly]
			r.Verdict, r.Broken = checker.Invalid, "not "+m.Title()
			r.Counterexample = a.Counterexample(txns.CallsOf(h, a), rep.Judged)
			r.Reason = r.Counterexample.Reason
		}
	}
	if r.Verdict == checker.Valid {
		r.Reason = fmt.Sprintf("%d transactions; %s", rep.Judged, holding(rep))
	}
	return r
}

// holding says what the strongest models are that a history keeps.
func holding(rep *txn.Report) string {
	if len(rep.Strongest) == 0 {
		return "no model holds"
	}
	return txn.Titles(rep.Strongest) + " holds"
}
