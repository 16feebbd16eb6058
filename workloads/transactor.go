package workloads

import (
	"context"
	"io"

	"github.com/capsize-go/capsize/model"
)

// A Transactor is a client of a database. Txn carries out the operations in their order as one transaction, and returns them with
// what the reads returned. An error for which [Outcome] is Fail, such as [model.ErrAborted], says that none of it happened; any
// other error says that it may have.
type Transactor interface {
	io.Closer
	Txn(ctx context.Context, ops []model.TxnOp) ([]model.TxnOp, error)
}
