package ssi

import (
	"slices"
	"time"

	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/front"
	"github.com/capsize-go/capsize/systems/txn/internal/quorumlog"
)

// IdleTimeout is how long a transaction of a [Session] stays open without a statement.
const IdleTimeout = 2 * time.Second

const idleTicks = int(IdleTimeout / quorumlog.TickEvery)

// A part says which part of a transaction a request is. The zero part is a whole one.
type part struct {
	do       act
	txn      uint64 // the number of the transaction in its session
	level    Level
	readOnly bool
	lock     bool // of a statement: it locks its key
}

type act uint8

const (
	whole act = iota
	begin
	oneStatement
	commitIt
	rollback
)

// Describe names the part for the report of messages.
func (p part) Describe() (name, text string) {
	switch p.do {
	case begin:
		return "begin", p.level.String()
	case oneStatement:
		return "statement", ""
	case commitIt:
		return "commit", ""
	case rollback:
		return "rollback", ""
	}
	return "transaction", ""
}

// An openTxn is a transaction whose statements come one at a time.
type openTxn struct {
	*txn
	session, number uint64
	busy            bool // a statement is carried out
	touched         int  // the tick of the last request
}

// doPart carries out a part of a transaction as the primary. A transaction that is not known has ended, or was begun at an earlier primary, and
// was never committed: a client asks for that once.
func (n *node) doPart(from string, r *run) {
	if r.part.do == begin {
		t := &openTxn{txn: n.start(from, r), session: r.session, number: r.part.txn, touched: n.ticks}
		n.open = append(n.open, t)
		t.answer(front.Response{Open: true})
		return
	}
	i := slices.IndexFunc(n.open, func(t *openTxn) bool { return t.session == r.session && t.number == r.part.txn })
	if i < 0 || n.open[i].busy {
		n.h.Send(from, &ran{r.id, front.Response{Status: front.Aborted}})
		return
	}
	t := n.open[i]
	t.id, t.from, t.touched = r.id, from, n.ticks
	switch r.part.do {
	case oneStatement:
		t.busy = true
		t.later(func() { t.carryOut(r.ops[0], r.part.lock) })
	case commitIt:
		n.forget(t)
		t.later(t.commit)
	default:
		n.forget(t)
		t.abort()
	}
}

// carryOut carries out a statement. Who may not go on is aborted at once.
func (t *openTxn) carryOut(op model.TxnOp, lock bool) {
	t.busy = false
	if lock && !t.mgr.lock(t.x, op.Key) || !t.do(&op) {
		t.n.forget(t)
		t.abort()
		return
	}
	t.answer(front.Response{Ops: []model.TxnOp{op}, Open: true})
}

// forget takes a transaction off those that are open.
func (n *node) forget(t *openTxn) {
	n.open = slices.DeleteFunc(n.open, func(o *openTxn) bool { return o == t })
}

// endIdle aborts the transactions whose clients have gone.
func (n *node) endIdle() {
	n.open = slices.DeleteFunc(n.open, func(t *openTxn) bool {
		idle := !t.busy && n.ticks-t.touched > idleTicks
		if idle {
			t.mgr.ended(t.x)
		}
		return idle
	})
}
