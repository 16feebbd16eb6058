package simnet

import (
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	maxSegment = 64 << 10  // bytes of data in one segment
	window     = 256 << 10 // bytes on their way or waiting to be read
	sendBuffer = 256 << 10 // bytes that wait to be sent
	coalesce   = 4 << 10   // room for small writes that have to wait
	header     = 40        // of IP and TCP, in bytes

	firstRetry = 200 * time.Millisecond
	lastRetry  = 2 * time.Minute
	maxRetries = 15
)

// A sender is the direction away from an end.
type sender struct {
	wake          sync.Cond // of writers
	deadline      deadline
	busy          bool // a Write is running: one at a time, so that their bytes do not mix
	others        int  // how many other Writes wait
	resetReported bool // a call has returned the reset

	queue   fifo[[]byte] // what waits to be sent, in pieces of at most a segment
	queued  int          // bytes in queue
	next    uint64       // how much was sent
	credit  uint64       // how much of it the peer's user is known to have read
	fin     bool         // the stream ends after queue
	finSent bool         // and that was sent

	// After a loss only the first lost segment is sent, again and
	// again, until the peer acknowledges it. Then the rest is sent.
	recovering bool
	lost       []*segment // in the order of the stream
	retry      timer
	tries      int // since the peer last answered
	backoff    int // by how many doublings the next try waits longer
}

// A segment is a part of a stream on its way, or control information.
type segment struct {
	to        *conn
	seq       uint64 // where in the stream data begins
	data      []byte
	fin       bool // the stream ends after data
	handshake bool // the end of the handshake, which is sent again if lost
	probe     bool // the peer is to acknowledge it
	ack       bool
	credit    uint64 // how much of the opposite stream its sender's user has read
}

// post sends a segment.
func (c *conn) post(s *segment) {
	s.to = c.peer
	s.credit = c.in.read
	c.in.announced = c.in.read
	c.net.post(c.host, c.peer.host, header+len(s.data), s.arrived, s.wasLost)
	c.net.describe(c, s.data, s.control())
}

// control says what a segment without data is for.
func (s *segment) control() string {
	switch {
	case len(s.data) > 0:
		return ""
	case s.handshake:
		return "handshake"
	case s.fin:
		return "close"
	case s.probe:
		return "probe"
	}
	return "acknowledgment"
}

// enqueue takes as much of p as there is room for.
func (c *conn) enqueue(p []byte) int {
	o := &c.out
	done := 0
	for done < len(p) && o.queued < sendBuffer {
		k := min(len(p)-done, sendBuffer-o.queued, maxSegment)
		k = o.add(p[done:done+k], c.blocked())
		o.queued += k
		done += k
	}
	return done
}

// add copies p to the queue, or the part of it that still fits the last piece.
// A piece that has to wait gets extra room, so that later small writes fit in.
func (o *sender) add(p []byte, waits bool) int {
	if length(&o.queue) > 0 {
		tail := last(&o.queue)
		if free := cap(*tail) - len(*tail); free > 0 {
			k := min(free, len(p))
			*tail = append(*tail, p[:k]...)
			return k
		}
	}
	size := len(p)
	if waits {
		size = max(size, coalesce)
	}
	push(&o.queue, append(make([]byte, 0, size), p...))
	return len(p)
}

// blocked reports whether nothing may be sent for now.
func (c *conn) blocked() bool { return c.out.recovering || c.room() == 0 }

// room returns how many bytes may be sent.
func (c *conn) room() int { return window - int(c.out.next-c.out.credit) }

// flush sends what may be sent.
func (c *conn) flush() {
	o := &c.out
	for o.queued > 0 && !c.blocked() {
		piece := *first(&o.queue)
		k := min(len(piece), c.room())
		if k == len(piece) {
			pop(&o.queue)
		} else {
			*first(&o.queue) = piece[k:]
		}
		c.post(&segment{seq: o.next, data: piece[:k:k]})
		o.queued -= k
		o.next += uint64(k)
	}
	if o.fin && !o.finSent && o.queued == 0 && !o.recovering {
		o.finSent = true
		c.post(&segment{seq: o.next, fin: true})
	}
	switch waits := o.recovering || o.queued > 0; {
	case !waits:
		o.retry.cancel()
	case !o.retry.running():
		c.startRetry()
	}
}

// startRetry starts the timer of the next retransmission.
func (c *conn) startRetry() {
	d := min(firstRetry<<min(c.out.backoff, 16), lastRetry)
	c.out.retry.reset(c.host, d, c.retransmit)
}

// retransmit sends the first lost segment again, or an empty one at a full window, and
// requests an acknowledgment.
func (c *conn) retransmit() {
	o := &c.out
	if o.tries == maxRetries {
		c.die(syscall.ETIMEDOUT)
		c.peer.startProbes()
		return
	}
	o.tries++
	s := &segment{seq: o.next}
	if len(o.lost) > 0 {
		s = o.lost[0]
		o.lost = o.lost[1:]
	}
	s.probe = true
	c.post(s)
	o.backoff++
	c.startRetry()
}

// wasLost is called when the link has lost a segment.
func (s *segment) wasLost() {
	c := s.to.peer
	c.net.mu.Lock()
	defer c.net.unlock()
	if c.gone || len(s.data) == 0 && !s.fin && !s.handshake {
		return // control information is never sent again
	}
	o := &c.out
	i, _ := slices.BinarySearchFunc(o.lost, s.seq, func(s *segment, seq uint64) int { return compare(s.seq, seq) })
	o.lost = slices.Insert(o.lost, i, s)
	if !o.recovering {
		o.recovering = true
		o.backoff = 0
		c.startRetry()
	}
}

// processAck handles what a segment of the peer says about this end's stream: the
// acknowledgment of a retransmission, and how much was read.
func (c *conn) processAck(s *segment) {
	o := &c.out
	if s.ack {
		o.tries = 0
		if o.recovering {
			o.recovering = false
			o.backoff = 0
			o.retry.cancel()
			for _, s := range o.lost {
				c.post(s)
			}
			o.lost = nil
		}
	}
	if s.credit > o.credit {
		o.credit = s.credit
		if !o.recovering {
			o.backoff = 0
		}
	} else if !s.ack {
		return
	}
	before := o.queued
	c.flush()
	if o.queued < before {
		c.net.wake(&o.wake)
	}
}
