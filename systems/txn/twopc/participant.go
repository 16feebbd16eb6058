package twopc

import (
	"slices"

	"github.com/capsize-go/capsize/model"
)

// A cell is what a key has.
type cell struct {
	value int            // of a register
	list  []int          // is only ever appended to, so that readers share it
	row   int            // 0: there is none
	index map[string]int // of an index: its rows, by key
}

// A participant is a node as it takes part in transactions that touch its keys.
type participant struct {
	*machine
	data     map[string]*cell
	locks    map[string]*lock
	branches table[*branch]
	ended    map[id]ending // those that are no branches any more
}

func newParticipant(m *machine) participant {
	return participant{machine: m, data: map[string]*cell{}, locks: map[string]*lock{}, branches: newTable[*branch](), ended: map[id]ending{}}
}

// A branch is the part of a transaction that a participant carries out.
type branch struct {
	age      age
	step     int         // the last operation that was asked for
	answer   *executed   // to it; nil while it waits for its lock
	op       model.TxnOp // that waits
	writes   model.Txn
	locks    []string // keys that it has locked or waits for
	prepared bool
	applied  bool     // its writes are in the data; only with a bug
	undo     []func() // takes its writes back, if it is applied
	others   []string
	heard    int // the tick at which its coordinator was heard of last; if it is prepared, at which it asked last
	yes      int // the tick at which it was prepared
}

func (b *branch) id() id { return b.age.id }

// An ending says how a branch ended.
type ending uint8

const (
	left ending = iota // it has only read, and does not know the outcome; or the participant has never known of it
	didCommit
	didAbort
)

func (e ending) outcome() outcome {
	if e == didCommit {
		return committed
	}
	return aborted
}

// lockOf returns the lock of a key.
func (n *participant) lockOf(key string) *lock {
	l := n.locks[key]
	if l == nil {
		l = &lock{}
		n.locks[key] = l
	}
	return l
}

// execute carries an operation out, or has it wait for its lock. Copies and late messages have no effect.
func (n *participant) execute(from string, e *execute) {
	i := e.age.id
	b := n.branches.by[i]
	_, over := n.ended[i]
	switch {
	case n.disk.lost:
		n.refuse(from, e, "the disk has lost data")
		return
	case b == nil && (over || e.life != 0):
		n.refuse(from, e, "the participant has given the transaction up")
		return
	case b == nil:
		b = &branch{age: e.age, step: -1}
		n.branches.put(i, b)
	}
	b.heard = n.ticks
	switch {
	case b.prepared || e.step < b.step:
	case e.step > b.step:
		b.step, b.answer, b.op = e.step, nil, e.op
		n.attempt(b)
	case b.answer != nil:
		n.h.Send(from, b.answer)
	}
}

func (n *participant) refuse(who string, e *execute, why string) {
	n.h.Send(who, &executed{id: e.age.id, life: n.life, step: e.step, op: e.op, refused: why})
}

// attempt carries out the operation of a branch if it gets the lock.
func (n *participant) attempt(b *branch) {
	l, how := n.lockOf(b.op.Key), exclusive
	if b.op.F == model.TxnRead || b.op.F == model.TxnReadAll {
		how = shared
	}
	if !slices.Contains(b.locks, b.op.Key) {
		b.locks = append(b.locks, b.op.Key)
	}
	switch l.request(b, how) {
	case waits:
		l.queue = append(l.queue, waiting{b, how})
	case dies:
		n.h.Send(b.id().node, &executed{id: b.id(), life: n.life, step: b.step, op: b.op, refused: "locked by an older transaction"})
		n.leave(b, didAbort)
	case granted:
		op, refused := n.carryOut(b)
		b.answer = &executed{id: b.id(), life: n.life, step: b.step, op: op, refused: refused}
		n.h.Send(b.id().node, b.answer)
		if refused != "" {
			n.leave(b, didAbort)
			return
		}
		if how == shared && n.bugs&UnlockReads != 0 && l.how == shared {
			l.drop(b)
			n.serveQueue(b.op.Key)
		}
	}
}

// carryOut returns the operation with its result, or why it can't be carried out. Writes are kept aside until the transaction commits.
func (n *participant) carryOut(b *branch) (op model.TxnOp, refused string) {
	op = b.op
	switch op.F {
	case model.TxnRead:
		return n.read(b), ""
	case model.TxnReadAll:
		if !isIndex(op.Key) {
			return op, "the only predicates are like [= 3]"
		}
		op.Rows = n.readIndex(b, op.Key)
		return op, ""
	case model.TxnInsert:
		if n.row(b, op.Key) != 0 {
			return op, "there is such a row"
		}
	case model.TxnDelete:
		if op.Value = n.row(b, op.Key); op.Value == 0 {
			return op, "there is no such row"
		}
	}
	b.writes = append(b.writes, op)
	return op, ""
}

// read returns the read that a branch asks for with its result, in which its own writes are.
func (n *participant) read(b *branch) model.TxnOp {
	op := b.op
	if c := n.data[op.Key]; c != nil {
		op.Value, op.List = c.value+c.row, c.list[:len(c.list):len(c.list)]
	}
	for _, w := range b.writes {
		switch {
		case w.Key != op.Key:
		case w.F == model.TxnAppend:
			op.List = append(op.List, w.Value)
		case w.F == model.TxnDelete:
			op.Value = 0
		default:
			op.Value = w.Value
		}
	}
	if len(op.List) > 0 {
		op.Value = 0
	}
	return op
}

// prepare promises that the branch will commit when that is decided, whatever happens until then. The transaction has all its locks by now,
// so those of its reads can go.
func (n *participant) prepare(from string, p *prepare) {
	b := n.branches.by[p.id]
	if b == nil {
		e, over := n.ended[p.id]
		n.h.Send(from, &vote{id: p.id, yes: over && e != didAbort})
		return
	}
	switch {
	case p.life != n.life && !b.prepared, b.answer == nil && !b.prepared:
		n.h.Send(from, &vote{id: p.id})
		return
	case b.prepared:
	case len(b.writes) == 0:
		n.h.Send(from, &vote{id: p.id, yes: true})
		n.leave(b, left)
		return
	default:
		b.prepared, b.yes, b.others = true, n.ticks, p.participants
		n.disk.write(preparedRecord(b))
		if n.bugs&VolatileYes == 0 {
			n.disk.sync()
		}
		n.unlock(b, true)
		if n.bugs&UnlockEarly != 0 {
			n.apply(b)
			n.unlock(b, false)
		}
	}
	b.heard = n.ticks
	n.h.Send(from, &vote{id: p.id, yes: true, writes: true})
}

// decide carries out what was decided.
func (n *participant) decide(from string, d *decision) {
	b := n.branches.by[d.id]
	switch {
	case b == nil && d.outcome == aborted:
		if _, known := n.ended[d.id]; !known {
			n.ended[d.id] = didAbort // a late copy of an operation is not to begin it again
		}
		return
	case b == nil: // it has committed before
	case d.outcome == aborted:
		if b.prepared {
			n.disk.write(idRecord(recordAborted, d.id))
		}
		n.leave(b, didAbort)
		return
	case !b.prepared: // it has committed in another life, and a late copy of an operation came since
		n.leave(b, didCommit)
	default:
		n.disk.write(idRecord(recordCommitted, d.id))
		n.disk.sync()
		n.apply(b)
		n.leave(b, didCommit)
	}
	n.h.Send(d.id.node, &done{d.id})
}

// apply puts what a branch wrote into the data.
func (n *participant) apply(b *branch) {
	if b.applied {
		return
	}
	b.applied = true
	for _, w := range b.writes {
		c := n.data[w.Key]
		if c == nil {
			c = &cell{}
			n.data[w.Key] = c
		}
		b.undo = append(b.undo, c.change(w))
	}
}

// revert takes what was applied out of the data.
func (n *participant) revert(b *branch) {
	for _, back := range slices.Backward(b.undo) {
		back()
	}
}

// without returns a list without a value. Readers may have the list still.
func without(list []int, value int) []int {
	return slices.DeleteFunc(slices.Clone(list), func(v int) bool { return v == value })
}

// leave ends a branch, and lets go of its locks.
func (n *participant) leave(b *branch, how ending) {
	if how == didAbort && b.applied {
		n.revert(b)
	}
	n.branches.remove(b.id())
	n.ended[b.id()] = how
	n.unlock(b, false)
}

// unlock lets go of the locks of a branch, or of those alone that it has for reads.
func (n *participant) unlock(b *branch, reads bool) {
	keys := b.locks
	b.locks = nil
	for _, key := range keys {
		switch l := n.locks[key]; {
		case l == nil: // only with a bug
		case reads && l.how == exclusive:
			b.locks = append(b.locks, key)
		default:
			l.drop(b)
			n.serveQueue(key)
		}
	}
}

// serveQueue lets those go on that wait for a key: each gets the lock, waits on, or is aborted since an older one has the lock now.
func (n *participant) serveQueue(key string) {
	l := n.locks[key]
	queue := l.queue
	l.queue = nil
	for _, w := range queue {
		if n.branches.by[w.b.id()] == w.b {
			n.attempt(w.b)
		}
	}
	if len(l.holders) == 0 && len(l.queue) == 0 && n.locks[key] == l {
		delete(n.locks, key)
	}
}

// participateAgain asks for the outcome of branches in doubt, and gives those up of which nothing was heard for long.
func (n *participant) participateAgain() {
	for _, i := range n.branches.ids() {
		b := n.branches.by[i]
		switch {
		case b == nil: // it ended when another one did
		case b.prepared && n.bugs&AbortAfterYes != 0 && n.ticks-b.yes >= 2*int(doubt/resend):
			n.disk.write(idRecord(recordAborted, i))
			n.leave(b, didAbort)
		case b.prepared && n.ticks-b.heard >= int(doubt/resend):
			b.heard = n.ticks
			n.inquire(b)
		case !b.prepared && n.ticks-b.heard >= int(idle/resend):
			n.leave(b, didAbort)
		}
	}
}

// inquire asks the coordinator, and the other participants, one of which may have heard of the decision.
func (n *participant) inquire(b *branch) {
	n.h.Send(b.id().node, &inquiry{b.id()})
	for _, name := range b.others {
		if name != n.h.Name() && name != b.id().node {
			n.h.Send(name, &inquiry{b.id()})
		}
	}
}
