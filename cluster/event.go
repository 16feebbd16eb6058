package cluster

import (
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
)

// A kind says what an event does when it is due.
type kind uint8

const (
	kindFunc    kind = iota // runs fn, whatever became of the host
	kindTimer               // runs fn, if the host has not crashed since
	kindMessage             // hands msg to the host's handler
	kindReply               // hands msg to whoever asked
	kindSegment             // runs fn: bytes of a connection arrive
	kindLost                // tells the sender that the network lost it
)

// An event is something that happens to a machine at an instant.
type event struct {
	kind kind
	to   *machine // nil for the world itself
	life uint32   // of the machine, when the event was scheduled
	fn   func()

	timer *Timer // of kindTimer
	off   bool   // the timer was stopped

	// Of what crosses the network:
	from     *machine
	fromLife uint32
	depart   time.Duration
	msg      Message
	lost     func()               // told when the network lost it; may be nil
	stream   bool                 // part of a stream: the network may lose it, and no more
	bytes    int                  // of a segment
	flip     func(keyed.Key) bool // damages a datagram

	handler func(Message) // that gets msg
}

// admit says whether the event is to run now. It is called with the cluster
// locked, and leaves nothing to run that needs the lock.
func (e *event) admit(at time.Duration) bool {
	m := e.to
	if e.kind == kindFunc {
		return true
	}
	c := m.c
	switch {
	case m.busy > at:
		m.postpone(e)
		return false
	case e.kind == kindTimer:
		if e.off {
			c.loop.recycle(e)
			return false
		}
		e.timer.ev = nil
		if !m.up || m.life != e.life {
			return false
		}
		c.note(at, m, nil, e.kind, traceEvent(arrived))
		if m.drag > 0 {
			m.work(at)
		}
		return true
	}
	why := c.arrives(e)
	c.note(at, m, e.from, e.kind, traceEvent(why))
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
	if m.drag > 0 {
		m.work(at)
	}
	return true
}

// run does what the event is for, unlocked.
func (e *event) run() {
	switch e.kind {
	case kindFunc:
		e.fn()
	case kindTimer:
		e.to.run(e.timer.fn)
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
