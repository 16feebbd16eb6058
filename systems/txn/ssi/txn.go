package ssi

import (
	"maps"
	"slices"
	"time"

	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/front"
)

// A txn is a transaction that the primary carries out.
type txn struct {
	n      *node
	id     uint64
	from   string        // the node that asked for it
	ops    []model.TxnOp // with what was read so far
	next   int           // of ops
	reads  bool          // it does nothing else
	epoch  uint64
	x      *xact
	mgr    *manager
	known  map[string]value // what it wrote
	writes []string         // in the order of its operations
}

// carryOut begins a transaction as the primary.
func (n *node) carryOut(from string, r *run) {
	if !n.log.Serves() || n.log.Epoch() != r.epoch {
		n.h.Send(from, &ran{r.id, front.Response{Status: front.Lost}}) // a copy of it may have been carried out
		return
	}
	if n.epoch != r.epoch {
		n.primary = primary{epoch: r.epoch, conflicts: newManager(n.store.Bugs), heard: map[uint64]bool{}, hidden: map[uint64]bool{}}
	}
	if n.heard[r.id] {
		return
	}
	n.heard[r.id] = true
	if r.part.do != whole {
		n.doPart(from, r)
		return
	}
	t := n.start(from, r)
	t.later(t.step)
}

// start begins a transaction.
func (n *node) start(from string, r *run) *txn {
	t := &txn{n: n, id: r.id, from: from, ops: slices.Clone(r.ops), epoch: r.epoch, mgr: n.conflicts, known: map[string]value{}}
	t.reads = onlyReads(t.ops) && (r.part.do == whole || r.part.readOnly)
	t.x = t.mgr.start(n.now(), r.part.level)
	return t
}

// now returns what a transaction sees that begins now.
func (n *node) now() snap { return snap{n.log.Applied(), maps.Clone(n.hidden)} }

// later runs fn after the time of a statement, if the node is the primary still.
func (t *txn) later(fn func()) {
	t.n.after(statement/2+time.Duration(t.n.h.Rand().Int64N(int64(statement))), func() {
		if !t.n.log.Serves() || t.n.log.Epoch() != t.epoch {
			t.abort()
			return
		}
		fn()
	})
}

// step carries out the next operation, and after the last one commits.
func (t *txn) step() {
	if t.next == len(t.ops) {
		t.commit()
		return
	}
	o := &t.ops[t.next]
	t.next++
	if !t.do(o) {
		t.abort()
		return
	}
	t.later(t.step)
}

// do carries out an operation, and reports whether the transaction may go on.
func (t *txn) do(o *model.TxnOp) bool {
	if t.x.level == ReadCommitted {
		t.x.snap = t.n.now()
		if !isRead(*o) && !t.mgr.lock(t.x, o.Key) {
			return false
		}
	}
	if o.F == model.TxnReadAll {
		return t.readRows(o)
	}
	v, own := t.known[o.Key]
	if !own && o.F != model.TxnWrite {
		var kept bool
		if v, kept = t.n.data.at(o.Key, &t.x.snap); !kept || !t.notes(o.Key) {
			return false
		}
	}
	switch o.F {
	case model.TxnRead:
		o.Value, o.List = v.number(), v.List
		return true
	case model.TxnInsert, model.TxnDelete:
		if !t.changeRow(o, &v) {
			return false
		}
	case model.TxnWrite:
		v.Register = o.Value
	default:
		v.List = append(slices.Clip(v.List), o.Value)
	}
	t.known[o.Key] = v
	if !slices.Contains(t.writes, o.Key) {
		t.writes = append(t.writes, o.Key)
	}
	return t.mgr.write(t.x, o.Key)
}

// notes records a read, and reports whether the transaction may go on.
func (t *txn) notes(key string) bool {
	if t.n.store.bug(NoReadOnlyLocks) && t.reads {
		return true
	}
	return t.mgr.read(t.x, key)
}

// commit commits the transaction, by an entry of the log if it wrote anything.
func (t *txn) commit() {
	switch {
	case !t.mgr.commit(t.x):
		t.abort()
	case len(t.writes) == 0:
		t.visible()
	default:
		c := &commit{}
		for _, key := range t.writes {
			c.Writes = append(c.Writes, write{key, t.known[key]})
		}
		t.n.log.Propose(c, func(_ any, applied bool) { t.applied(applied) })
	}
}

// applied is called when the commit is a part of the database here. With a bug it is not visible yet.
func (t *txn) applied(applied bool) {
	switch {
	case !applied:
		t.answer(front.Response{Status: front.Lost})
	case t.n.store.bug(VisibleOutOfOrder) && t.n.epoch == t.epoch:
		at := t.n.log.Applied()
		t.n.hidden[at] = true
		t.n.after(t.n.lag(), func() {
			delete(t.n.hidden, at)
			t.visible()
		})
	default:
		t.visible()
	}
}

// lag returns for how long a commit is hidden: mostly not at all, and sometimes for long, as by a backend that is not scheduled between
// the write of its commit to the log and its leaving the list of those that run.
func (n *node) lag() time.Duration {
	if n.h.Rand().IntN(4) > 0 {
		return time.Microsecond
	}
	return time.Duration(n.h.Rand().Int64N(int64(delay)))
}

// visible answers the client: all that begin from now on see the transaction.
func (t *txn) visible() {
	t.mgr.ended(t.x)
	t.answer(front.Response{Ops: t.ops})
}

func (t *txn) abort() {
	t.mgr.ended(t.x)
	t.answer(front.Response{Status: front.Aborted})
}

func (t *txn) answer(r front.Response) { t.n.h.Send(t.from, &ran{t.id, r}) }
