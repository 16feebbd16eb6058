package workloads

import (
	"context"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/levels"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// Registers is a workload of transactions that read and write registers, judged by the isolation level that the system claims. Unless
// the mix says otherwise, each write follows a read of its key in its transaction, so that who replaced which version is known. Blind
// writes leave that open, and find what a read first would prevent; see [TxnMix]. In the end each client reads every register.
func Registers[C Transactor](open func(ctx context.Context, h *cluster.Host) (C, error), claim txn.Model, mix TxnMix) Workload {
	mix = mix.withDefaults()
	name := "registers"
	if mix.BlindShare > 0 {
		name = "blind-writes"
	}
	w := New(Spec[C, model.Txn, model.Txn]{
		Name:    name,
		Open:    open,
		Next:    mix.nextWrites,
		Invoke:  invokeTxn[C],
		Final:   mix.final,
		Checker: levels.Checker(txn.Registers, claim),
	})
	return onlyTxns(w, model.TxnWrite, model.TxnRead)
}

// nextWrites draws a transaction of writes and reads. A write that is not blind brings the read before it, which counts as an operation,
// so a transaction may have one operation more than was drawn.
func (m TxnMix) nextWrites(t txnTurn) model.Txn {
	var in model.Txn
	for n := m.length(t); len(in) < n; {
		key := m.key(t, m.draw(t))
		read := model.TxnOp{F: model.TxnRead, Key: key}
		if t.Rand.Float64() < m.ReadShare {
			in = append(in, read)
			continue
		}
		if t.Rand.Float64() >= m.BlindShare && !touches(in, key) {
			in = append(in, read)
		}
		in = append(in, model.TxnOp{F: model.TxnWrite, Key: key, Value: m.value(t, len(in))})
	}
	return in
}

// touches reports whether a transaction has an operation on a key, so that the next one sees its result.
func touches(ops model.Txn, key string) bool {
	for _, o := range ops {
		if o.Key == key {
			return true
		}
	}
	return false
}
