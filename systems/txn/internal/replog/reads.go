package replog

import "slices"

// A leader finds out by a round trip whether it leads still, as for the read index of Ongaro 2014, §6.4: what it had applied
// when it asked was then all that was committed. One round is under way at a time, and serves all that came before it set out.

// A leadQuestion asks a node whether the sender still leads that term. The round is of the leader.
type leadQuestion struct {
	group       string
	term, round uint64
}

// A leadAnswer says that it does: the node has not heard of a later term.
type leadAnswer leadQuestion

type reads struct {
	round  uint64
	asked  []func(ok bool) // the present round confirms these
	queued []func(ok bool) // these wait for the next
	agreed []uint64        // the nodes that have confirmed the present round
}

// Confirm calls fn once a majority has said that this node leads and it has applied all that was committed when it was asked, or
// with false once it leads no more. fn may be called before Confirm returns.
func (l *Log) Confirm(fn func(ok bool)) {
	if !l.ready {
		fn(false)
		return
	}
	l.reads.queued = append(l.reads.queued, fn)
	l.reads.next(l)
}

// next starts a round if some wait for one and none is under way.
func (r *reads) next(l *Log) {
	if len(r.queued) == 0 || len(r.asked) > 0 || !l.ready {
		return
	}
	r.round++
	r.asked, r.queued = r.queued, nil
	r.agreed = append(r.agreed[:0], l.id)
	r.ask(l)
	r.decide(l)
}

// ask asks the other nodes. What is lost is asked again with the next heartbeat.
func (r *reads) ask(l *Log) {
	if len(r.asked) == 0 {
		return
	}
	q := &leadQuestion{l.cfg.Group, l.disk.hard.term, r.round}
	for i, name := range l.names {
		if uint64(i+1) != l.id {
			l.h.Send(name, q)
		}
	}
}

// confirm answers a question, unless this node knows of a later term, or not yet of this one.
func (l *Log) confirm(from string, q *leadQuestion) {
	if q.term == l.disk.hard.term {
		l.h.Send(from, (*leadAnswer)(q))
	}
}

// agrees counts an answer.
func (r *reads) agrees(l *Log, from string, a *leadAnswer) {
	id := l.idOf(from)
	if a.term != l.disk.hard.term || a.round != r.round || len(r.asked) == 0 || slices.Contains(r.agreed, id) {
		return
	}
	r.agreed = append(r.agreed, id)
	r.decide(l)
}

// decide ends the round if a majority has answered.
func (r *reads) decide(l *Log) {
	if len(r.agreed) <= len(l.names)/2 {
		return
	}
	asked := r.asked
	r.asked = nil
	for _, fn := range asked {
		fn(true)
	}
	r.next(l)
}

// resign answers all that wait: this node leads no more.
func (r *reads) resign() {
	waiting := append(r.asked, r.queued...)
	r.asked, r.queued = nil, nil
	for _, fn := range waiting {
		fn(false)
	}
}
