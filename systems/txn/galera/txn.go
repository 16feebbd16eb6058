package galera

import (
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/front"
)

// A txn is a transaction that a node carries out for a client.
type txn struct {
	m         cluster.Message
	ops       []model.TxnOp // with what was read
	writes    *writeSet
	sent, end int // ticks
}

// begin carries out the operations of a transaction on the node's copy as it is now. That takes the time of its statements, in
// which the copy goes on; then it commits.
func (n *node) begin(m cluster.Message, r *front.Request) {
	if !n.log.CaughtUp() || n.log.Leader() == "" {
		m.Reply(front.Response{Status: front.Aborted})
		return
	}
	n.lastID++
	t := &txn{m: m, ops: slices.Clone(r.Ops), writes: &writeSet{ID: n.lastID, Seen: n.log.Applied()}}
	n.read(t)
	n.h.AfterFunc(n.takes(len(t.ops)), func() { n.events.Guard(func() { n.commit(t) }) })
}

// takes returns how long some operations take.
func (n *node) takes(ops int) time.Duration {
	return time.Duration(ops)*statement/2 + time.Duration(n.h.Rand().Int64N(int64(ops)*int64(statement)+1))
}

// read computes what a transaction reads and writes.
func (n *node) read(t *txn) {
	known := map[string]value{}
	for i := range t.ops {
		o := &t.ops[i]
		v, seen := known[o.Key]
		if !seen {
			v = n.data.rows[o.Key].Value
		}
		switch o.F {
		case model.TxnRead:
			o.Value, o.List = v.Register, v.List
			continue
		case model.TxnWrite:
			v.Register = o.Value
		default:
			v.List = append(slices.Clip(v.List), o.Value)
		}
		known[o.Key] = v
		t.writes.put(o.Key, v)
	}
}

func (w *writeSet) put(key string, v value) {
	for i := range w.Writes {
		if w.Writes[i].Key == key {
			w.Writes[i].Value = v
			return
		}
	}
	w.Writes = append(w.Writes, write{key, v})
}

// commit sends the write set into the order. A transaction that wrote nothing has come to its end.
func (n *node) commit(t *txn) {
	if len(t.writes.Writes) == 0 {
		t.m.Reply(front.Response{Ops: t.ops})
		return
	}
	if n.store.bug(SnapshotAtCommit) {
		t.writes.Seen = n.log.Applied()
	}
	if !n.data.certify(t.writes) { // another has won already
		t.m.Reply(front.Response{Status: front.Aborted})
		return
	}
	t.writes.Certified = n.store.bug(CertifyAtOrigin)
	t.sent, t.end = n.ticks, n.ticks+patience
	n.waiting[t.writes.ID] = t
	n.order = append(n.order, t.writes.ID)
	n.submit(t)
}

func (n *node) submit(t *txn) {
	if leader := n.log.Leader(); leader != "" {
		n.h.Send(leader, t.writes)
	}
}

func (n *node) end(t *txn, r front.Response) {
	delete(n.waiting, t.writes.ID)
	n.order = slices.DeleteFunc(n.order, func(id uint64) bool { return id == t.writes.ID })
	t.m.Reply(r)
}
