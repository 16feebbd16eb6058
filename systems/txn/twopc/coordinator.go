package twopc

import (
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// A txn is a transaction that is under way at its coordinator.
type txn struct {
	age       age
	client    cluster.Message
	ops       model.Txn    // with what the reads returned so far
	at        int          // the operation that is being carried out
	entry     *model.TxnOp // in place of it: the change of an index that it brings
	step      int          // counts the requests to participants
	end       int          // the tick at which the coordinator gives up
	preparing bool
	parts     []*part // in the order in which they were first asked
}

// A part is what the coordinator knows of a participant.
type part struct {
	name   string
	life   uint64 // 0: it has not answered yet
	yes    bool
	writes bool
}

// A commitment is a transaction that commits, with the participants that have not said yet that they have heard of it.
type commitment struct {
	waiting []string
	last    int // the tick at which the decision was sent to them last
}

// part returns the participant of that name, which is a new one if it was not asked before.
func (t *txn) part(name string) *part {
	for _, p := range t.parts {
		if p.name == name {
			return p
		}
	}
	p := &part{name: name}
	t.parts = append(t.parts, p)
	return p
}

// begin begins a transaction of a client.
func (n *node) begin(m cluster.Message, req *request) {
	switch {
	case req.life != n.life:
		m.Reply(&response{status: open, life: n.life})
		return
	case req.number <= n.heard[req.session]:
		return // the network duplicated it, or delayed it until its client went on
	}
	n.heard[req.session] = req.number
	n.seq++
	i := id{n.h.Name(), n.life, n.seq}
	t := &txn{
		age: age{time.Duration(n.h.Clock().Now().UnixNano()), i}, client: m,
		ops: slices.Clone(req.ops), end: n.ticks + int(patience/resend),
	}
	if len(t.ops) == 0 {
		m.Reply(&response{status: committed, ops: t.ops})
		return
	}
	n.running.put(i, t)
	n.sendStep(t)
}

// sendStep sends the operation at hand to the node of its key.
func (n *node) sendStep(t *txn) {
	op := t.ops[t.at]
	if t.entry != nil {
		op = *t.entry
	}
	p := t.part(ownerOf(op.Key, n.nodes))
	n.h.Send(p.name, &execute{age: t.age, life: p.life, step: t.step, op: op})
}

// executedAt goes on with the next operation, or prepares the transaction after the last one.
func (n *node) executedAt(from string, e *executed) {
	t := n.running.by[e.id]
	if t == nil || t.preparing || e.step != t.step {
		return // a late answer
	}
	p := t.part(from)
	if e.refused != "" {
		n.abort(t, fmt.Sprintf("%s at %s: %s", e.op.Key, from, e.refused))
		return
	}
	p.life = e.life
	t.step++
	if t.entry == nil {
		t.ops[t.at] = e.op
		t.entry = entryOf(e.op)
		if e.op.F == model.TxnDelete {
			t.ops[t.at].Value = 0 // the value that was deleted is no answer
		}
	} else {
		t.entry = nil
	}
	if t.entry == nil {
		t.at++
	}
	if t.at < len(t.ops) {
		n.sendStep(t)
		return
	}
	t.preparing = true
	n.sendPrepare(t)
}

// sendPrepare asks the participants that have not voted.
func (n *node) sendPrepare(t *txn) {
	var names []string
	for _, p := range t.parts {
		names = append(names, p.name)
	}
	for _, p := range t.parts {
		if !p.yes {
			n.h.Send(p.name, &prepare{id: t.age.id, life: p.life, participants: names})
		}
	}
}

// voted counts the vote of a participant.
func (n *node) voted(from string, v *vote) {
	t := n.running.by[v.id]
	if t == nil || !t.preparing {
		return
	}
	p := t.part(from)
	switch {
	case p.yes:
		return
	case !v.yes:
		n.abort(t, from+" did not prepare")
		return
	}
	p.yes, p.writes = true, v.writes
	if !slices.ContainsFunc(t.parts, func(p *part) bool { return !p.yes }) {
		n.commit(t)
	}
}

// commit decides that a transaction commits. Nothing that is sent here leaves before the record of it is on the disk. Participants that have
// only read need not hear of it.
func (n *node) commit(t *txn) {
	i := t.age.id
	c := &commitment{last: n.ticks}
	for _, p := range t.parts {
		if p.writes {
			c.waiting = append(c.waiting, p.name)
		}
	}
	if len(c.waiting) > 0 {
		n.decided.put(i, c)
		n.disk.write(decisionRecord(i, c.waiting))
		if n.bugs&ForgetCommit == 0 {
			n.disk.sync()
		}
		n.tell(i, c)
	}
	n.running.remove(i)
	t.client.Reply(&response{status: committed, ops: t.ops})
}

// tell tells the participants of a commit.
func (n *node) tell(i id, c *commitment) {
	c.last = n.ticks
	for _, name := range c.waiting {
		n.h.Send(name, &decision{i, committed})
	}
}

// abort gives a transaction up that is not decided. No record says so: what no record says was aborted.
func (n *node) abort(t *txn, why string) {
	n.running.remove(t.age.id)
	for _, p := range t.parts {
		n.h.Send(p.name, &decision{t.age.id, aborted})
	}
	t.client.Reply(&response{status: aborted, why: why})
}

// doneAt forgets a commit once all participants have it on their disks.
func (n *node) doneAt(from string, d *done) {
	c := n.decided.by[d.id]
	if c == nil {
		return
	}
	c.waiting = slices.DeleteFunc(c.waiting, func(name string) bool { return name == from })
	if len(c.waiting) == 0 {
		n.decided.remove(d.id)
		n.disk.write(idRecord(recordEnd, d.id))
	}
}

// coordinateAgain repeats what was not answered, and aborts transactions that take too long.
func (n *node) coordinateAgain() {
	for _, i := range n.running.ids() {
		switch t := n.running.by[i]; {
		case n.ticks >= t.end:
			n.abort(t, "it took too long")
		case t.preparing:
			n.sendPrepare(t)
		default:
			n.sendStep(t)
		}
	}
	for _, i := range n.decided.ids() {
		if c := n.decided.by[i]; n.ticks-c.last >= int(doubt/resend) {
			n.tell(i, c)
		}
	}
}
