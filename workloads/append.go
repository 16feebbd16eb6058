package workloads

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/levels"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// Append is a workload of transactions that append to lists and read them, judged by the isolation level that the system claims.
// Each read shows the whole order in which a list was written, so nearly all dependencies between transactions are known, and the
// verdict needs no search: Kingsbury and Alvaro, Elle (VLDB 2020). In the end each client reads every list.
func Append[C Transactor](open func(ctx context.Context, h *cluster.Host) (C, error), claim txn.Model, mix TxnMix) Workload {
	mix = mix.withDefaults()
	w := New(Spec[C, model.Txn, model.Txn]{
		Name:    "append",
		Open:    open,
		Next:    mix.nextAppends,
		Invoke:  invokeTxn[C],
		Final:   mix.final,
		Checker: levels.Checker(txn.Lists, claim),
	})
	return onlyTxns(w, model.TxnAppend, model.TxnRead)
}

// nextAppends draws a transaction of appends and reads.
func (m TxnMix) nextAppends(t txnTurn) model.Txn {
	var in model.Txn
	for i := range m.length(t) {
		key := m.key(t, m.draw(t))
		if t.Rand.Float64() < m.ReadShare {
			in = append(in, model.TxnOp{F: model.TxnRead, Key: key})
		} else {
			in = append(in, model.TxnOp{F: model.TxnAppend, Key: key, Value: m.value(t, i)})
		}
	}
	return in
}

// invokeTxn calls the client. A transaction that only reads has no effect, so it counts as failed if it is indeterminate.
func invokeTxn[C Transactor](ctx context.Context, c C, in model.Txn) (model.Txn, error) {
	out, err := c.Txn(ctx, slices.Clone(in))
	if err == nil {
		return out, nil
	}
	if !errors.Is(err, ErrFail) && !slices.ContainsFunc(in, writesInTxn) {
		err = fmt.Errorf("%w: %w", ErrFail, err)
	}
	return nil, err
}

// writesInTxn reports whether an operation of a transaction changes anything.
func writesInTxn(o model.TxnOp) bool { return o.F != model.TxnRead && o.F != model.TxnReadAll }
