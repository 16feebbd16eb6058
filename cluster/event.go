package cluster

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/runhash"
	"github.com/capsize-go/capsize/cluster/internal/tracer"
	"github.com/capsize-go/capsize/internal/keyed"
)

// A kind says what an event does when it is due.
type kind uint8

const (
	kindFunc    kind = iota // runs fn, even if the host has crashed
	kindTimer               // runs fn, if the host has not crashed since
	kindMessage             // hands msg to the host's handler
	kindReply               // hands msg to the host that called
	kindSegment             // runs fn: bytes of a connection arrive
	kindLost                // reports to the sender that the network lost it
)

// An event is something that happens to a machine at an instant.
type event struct {
	kind   kind
	own    bool     // of kindFunc: it is the cluster's own, and no code of the host
	off    bool     // of kindTimer: the timer was stopped
	stream bool     // of kindSegment: part of a stream; the network may lose it, but not double or damage it
	life   uint32   // of the machine, when the event was scheduled
	to     *machine // nil for the simulation itself
	fn     func()
	timer  *Timer // of kindTimer

	// Of what crosses the network:
	from     *machine
	fromLife uint32
	depart   time.Duration
	msg      Message
	lost     func()               // called when the network lost it; may be nil
	bytes    int                  // of a segment
	flip     func(keyed.Key) bool // damages a datagram
	sent     *tracer.Sent         // as it is recorded; nil if nothing is

	handler func(Message) // that gets msg
}

// admit reports whether the event is to run now, and does the part of it that needs the lock. An event for a machine that is
// busy is postponed, and one for a former life is dropped. It is called with the cluster locked.
func (e *event) admit(at time.Duration) bool {
	m := e.to
	if e.kind == kindFunc {
		if m != nil {
			m.c.rec.Handle(at, m.name, 0)
		}
		return true
	}
	c := m.c
	switch {
	case c.loop.dropStopped(e):
		return false
	case m.busy > at:
		m.postpone(e)
		return false
	case e.kind == kindTimer:
		e.timer.ev = nil
		if !m.up || m.life != e.life {
			return false
		}
		c.note(at, m, nil, e.kind, runhash.Event(arrived))
		c.rec.Handle(at, m.name, e.timer.cause)
		if m.workTime > 0 {
			m.occupyForEvent(at)
		}
		return true
	}
	why := c.arrival(e)
	c.note(at, m, e.from, e.kind, runhash.Event(why))
	if e.sent != nil {
		e.recordArrival(at, why)
	}
	if why != arrived {
		c.count(why)
		if e.lost == nil {
			c.loop.recycle(e)
			return false
		}
		e.kind = kindLost
		return true
	}
	c.stats.Delivered++
	e.handler, e.msg.at = m.handler, m.host
	if m.workTime > 0 {
		m.occupyForEvent(at)
	}
	return true
}

// run does the part of the event that runs user code, unlocked.
func (e *event) run() {
	switch e.kind {
	case kindFunc:
		e.fn()
	case kindTimer:
		if t := e.timer; t.ends != nil {
			e.to.c.loop.wakes()
			t.ends.End(context.DeadlineExceeded)
		} else {
			e.to.run(t.fn)
		}
	case kindMessage:
		if e.handler != nil {
			e.to.handle(e.handler, e.msg)
		}
	case kindReply:
		e.msg.relay()
	case kindSegment:
		e.to.c.loop.wakes()
		e.to.run(e.fn)
	case kindLost:
		e.lost()
	}
}
