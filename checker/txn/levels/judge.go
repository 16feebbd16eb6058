package levels

import (
	"context"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/lists"
	"github.com/capsize-go/capsize/checker/txn/internal/predicates"
	"github.com/capsize-go/capsize/checker/txn/internal/registers"
)

// Judge says which models the history keeps. The error is for a history that can't be judged at all, as one in which a value is
// written twice to a key; it names both transactions.
func Judge(ctx context.Context, h *txn.History, o txn.Options) (*txn.Report, error) {
	switch o.Kind {
	case txn.Registers:
		return registers.Judge(ctx, h, o)
	case txn.Predicates:
		return predicates.Judge(ctx, h, o)
	}
	return lists.Judge(ctx, h, o)
}
