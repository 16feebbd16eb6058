package workloads

import (
	"context"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// judgedAs returns the checker of a workload of transactions.
func judgedAs(kind txn.Kind, claim txn.Model) checker.Checker {
	return checker.Func(func(ctx context.Context, _ *history.History) checker.Result {
		r := checker.Result{Checker: string(claim), Verdict: checker.Unknown}
		if _, err := txn.Judge(ctx, &txn.History{}, txn.Options{Kind: kind, Models: []txn.Model{claim}}); err != nil {
			r.Reason = err.Error()
		}
		return r
	})
}
