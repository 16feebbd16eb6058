package hlc

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/cell"
)

// A transaction is a request of a client that its node carries out, in one attempt or several.
type transaction struct {
	n     *node
	m     cluster.Message
	ops   []model.TxnOp
	limit int64 // wall time: what is not later may have been written before the transaction began
	end   int   // the tick at which the node gives up
	tries int
}

// A phase is what an attempt waits for.
type phase uint8

const (
	preparing phase = iota
	refreshing
	finishing
)

// An attempt is a transaction at one timestamp.
type attempt struct {
	*transaction
	id     string
	begun  int64
	at     stamp
	commit stamp // the latest timestamp of its intents
	anchor int   // the range of its record; -1 if it only reads
	phase  phase
	until  int // the tick at which this phase is over
	parts  []*part
	sent   int // how many of the parts were sent: they go out one after the other, as the statements of a transaction do
}

// A part is what an attempt does in one range.
type part struct {
	in      int
	places  []int // of its operations
	ops     []model.TxnOp
	reads   []string
	writes  bool
	waiting bool // for an answer in this phase
	resends bool // it is about to be sent again
}

// try begins an attempt at a timestamp.
func (t *transaction) try(at stamp) {
	n := t.n
	n.lastN++
	t.tries++
	a := &attempt{transaction: t, id: fmt.Sprintf("%s/%x/%d", n.h.Name(), n.life, n.lastN), begun: at.Wall, at: at, commit: at, anchor: -1}
	for i, op := range t.ops {
		p := a.part(n.home(op.Key))
		p.places, p.ops = append(p.places, i), append(p.ops, op)
		if isRead(op) {
			p.reads = append(p.reads, op.Key)
		}
		if cell.Writes(op) {
			p.writes = true
			if a.anchor < 0 {
				a.anchor = p.in
			}
		}
	}
	n.txns[a.id] = a
	a.next()
}

// next sends the next part to its range.
func (a *attempt) next() {
	if a.n.txns[a.id] != a {
		return // it has taken too long
	}
	p := a.parts[a.sent]
	a.sent++
	p.waiting, a.until = true, a.n.ticks+int(wait/tick)
	a.send(p)
}

// send sends a part to the leader of its range. If none is known yet, as after an election, or it refuses, the part is sent again.
func (a *attempt) send(p *part) {
	if !a.n.toRange(p.in, &prepare{a.id, p.in, a.anchor, a.begun, a.at, a.limit, p.ops}) {
		a.sendAgain(p)
	}
}

// sendAgain sends a part again after a while: once, however many copies of a refusal the network makes.
func (a *attempt) sendAgain(p *part) {
	if p.resends {
		return
	}
	p.resends = true
	a.n.h.AfterFunc(resend, func() {
		p.resends = false
		if a.n.txns[a.id] == a && a.phase == preparing && p.waiting {
			a.send(p)
		}
	})
}

// part returns the part of an attempt that is in a range.
func (a *attempt) part(in int) *part {
	for _, p := range a.parts {
		if p.in == in {
			return p
		}
	}
	p := &part{in: in}
	a.parts = append(a.parts, p)
	return p
}

// answered notes the answer of a range, and reports whether it was waited for, and whether it was the last one.
func (a *attempt) answered(in int, phase phase) (waited, last bool) {
	if a.phase != phase {
		return false, false
	}
	p := a.part(in)
	waited, p.waiting, last = p.waiting, false, true
	for _, q := range a.parts {
		last = last && !q.waiting
	}
	return waited, last
}

// prepared handles the answer of a range to what it was to carry out.
func (a *attempt) prepared(r *prepared) {
	if p := a.part(r.in); r.outcome == refused && p.waiting {
		a.sendAgain(p)
		return
	}
	waited, last := a.answered(r.in, preparing)
	switch {
	case !waited, r.outcome == refused:
	case r.outcome == again:
		a.retry(r.at)
	case r.outcome == blocked:
		a.retry(a.at)
	default:
		for i, place := range a.part(r.in).places {
			a.ops[place] = r.ops[i]
		}
		a.commit = later(a.commit, r.at)
		if a.sent < len(a.parts) {
			a.n.h.AfterFunc(time.Duration(a.n.h.Rand().Int64N(int64(think))), a.next)
		} else if last {
			a.refresh()
		}
	}
}

// refresh asks whether what was read is the same at the timestamp of the writes, if that is later.
func (a *attempt) refresh() {
	a.phase, a.until = refreshing, a.n.ticks+int(wait/tick)
	asked := false
	for _, p := range a.parts {
		if len(p.reads) > 0 && a.at.before(a.commit) && !a.n.bug(SkipRefresh) {
			asked, p.waiting = true, true
			a.n.toRange(p.in, &refresh{a.id, p.in, a.at, a.commit, p.reads})
		}
	}
	if !asked {
		a.finish()
	}
}

// refreshed handles the answer of a range.
func (a *attempt) refreshed(r *refreshed) {
	waited, last := a.answered(r.in, refreshing)
	switch {
	case !waited:
	case !r.ok:
		a.retry(a.commit)
	case last:
		a.finish()
	}
}

// finish has the record of the transaction written. From here on it may be committed.
func (a *attempt) finish() {
	if a.anchor < 0 {
		a.done()
		return
	}
	a.phase, a.until = finishing, max(a.end, a.n.ticks+int(wait/tick))
	a.askToFinish()
}

func (a *attempt) askToFinish() {
	a.n.toRange(a.anchor, &finish{id: a.id, in: a.anchor, begun: a.begun, at: a.commit, commit: true, from: -1})
}

// finished handles the record of the transaction: another one may have had it aborted.
func (a *attempt) finished(r record) {
	switch {
	case a.phase != finishing:
	case r.Committed:
		a.resolve(true)
		a.done()
	default:
		a.retry(a.at)
	}
}

// done answers the client.
func (a *attempt) done() {
	delete(a.n.txns, a.id)
	a.m.Reply(response{ops: a.ops, at: a.commit})
}

// resolve tells the ranges how the attempt has ended. It does so again later, as a range may be without a leader; that costs no more than
// a message if it is done.
func (a *attempt) resolve(commit bool) {
	for _, p := range a.parts[:a.sent] {
		if !p.writes {
			continue
		}
		for _, after := range []time.Duration{0, 60 * time.Millisecond, 200 * time.Millisecond} {
			a.n.h.AfterFunc(after, func() { a.n.toRange(p.in, &resolve{a.id, p.in, a.begun, a.commit, commit}) })
		}
	}
}

// retry ends an attempt that is not committed and will not be, and begins another one at that timestamp or later.
func (a *attempt) retry(at stamp) {
	n, t := a.n, a.transaction
	delete(n.txns, a.id)
	a.resolve(false)
	if n.ticks >= t.end {
		t.m.Reply(response{status: aborted})
		return
	}
	delay := pause + time.Duration(n.h.Rand().Int64N(int64(pause)*int64(min(t.tries, 8))))
	if a.at.before(at) && t.tries < 4 {
		delay = 0
	}
	n.h.AfterFunc(delay, func() { t.try(later(at, n.clock.now())) })
}

// tick ends a phase that has taken too long.
func (a *attempt) tick() {
	switch {
	case a.n.ticks < a.until && a.phase == finishing:
		a.askToFinish()
	case a.n.ticks < a.until:
	case a.phase == finishing:
		delete(a.n.txns, a.id)
		a.m.Reply(response{status: lost})
	default:
		a.retry(a.at)
	}
}
