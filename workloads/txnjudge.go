package workloads

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// judgedAs returns the checker of a workload of transactions.
func judgedAs(kind txn.Kind, claim txn.Model) checker.Checker {
	return checker.Func(func(ctx context.Context, h *history.History) checker.Result {
		r := checker.Result{Checker: string(claim), Verdict: checker.Unknown}
		th, err := txn.Of(h)
		if err != nil {
			r.Reason = err.Error()
			return r
		}
		rep, err := txn.Judge(ctx, th, txn.Options{Kind: kind, Models: []txn.Model{claim}})
		if err != nil {
			r.Reason = err.Error()
			return r
		}
		for _, f := range rep.Findings {
			if f.Model != claim {
				continue
			}
			r.Verdict, r.Reason = f.Verdict, f.Reason
			if f.Anomaly >= 0 {
				a := rep.Anomalies[f.Anomaly]
				r.Broken, r.Reason = a.Type, fmt.Sprintf("%d transactions: %s %s", len(a.Txns), a.Type, a.Reason)
			}
		}
		return r
	})
}
