package workloads

import (
	"context"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/levels"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

const (
	doctors     = 6              // of each shift
	doctorTurns = 2*doctors + 12 // of all clients before they turn to the next shift
)

// Doctors is a workload of transactions that read rows by predicate, judged by the isolation level that the system claims: doctors go on
// call and off call, each after having looked at who is. A doctor on call is a row, whose value is the number of the shift; the first
// transaction to see nothing of another's row, while that sees nothing of its own, is a write skew by predicate, which snapshot
// isolation allows and serializability forbids: Cahill, Röhm and Fekete, Serializable Isolation for Snapshot Databases (SIGMOD 2008), have
// the doctors; Adya, Weak Consistency (1999), §3.3 calls it G2.
//
// The client must know [model.TxnInsert], [model.TxnDelete] and [model.TxnReadAll] with predicates like "[= 3]": the rows whose value is 3.
func Doctors[C Transactor](open func(ctx context.Context, h *cluster.Host) (C, error), claim txn.Model) Workload {
	w := New(Spec[C, model.Txn, model.Txn]{
		Name:   "doctors",
		Open:   open,
		Next:   nextDoctor,
		Invoke: invokeTxn[C],
		Final: func(t txnTurn) (model.Txn, bool) {
			empty := t.OK && !slices.ContainsFunc(t.Answer, func(o model.TxnOp) bool { return len(o.Rows) > 0 })
			if t.Index > 0 && empty || t.Index > finalFailures && !t.OK || t.Index >= finalTurns {
				return nil, false
			}
			return model.Txn{onCall(t.Index + 1)}, true
		},
		Checker: levels.Checker(txn.Predicates, claim),
	})
	return onlyTxns(w, model.TxnInsert, model.TxnDelete, model.TxnReadAll, model.TxnRead)
}

// onCall reads who is on call in a shift.
func onCall(shift int) model.TxnOp {
	return model.TxnOp{F: model.TxnReadAll, Key: fmt.Sprintf("[= %d]", shift)}
}

// nextDoctor has the doctors of a shift go on call at about the same time, and all of them but the first off call later. Between, clients look
// at who is on call.
func nextDoctor(t txnTurn) model.Txn {
	n := t.Number() - 1
	shift, at := n/doctorTurns+1, n%doctorTurns
	doctor := func(i int) string { return fmt.Sprintf("shift%d/doctor%d", shift, i+1) }
	switch off := at - doctors - 6; {
	case at < doctors:
		return model.Txn{onCall(shift), {F: model.TxnInsert, Key: doctor(at), Value: shift}}
	case off > 0 && off < doctors:
		return model.Txn{onCall(shift), {F: model.TxnDelete, Key: doctor(off)}}
	}
	return model.Txn{onCall(shift)}
}
