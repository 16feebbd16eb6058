package simnet

import (
	"cmp"
	"slices"
	"sync"
	"syscall"
)

func compare(a, b uint64) int { return cmp.Compare(a, b) }

// A receiver is the direction towards an end.
type receiver struct {
	wake     sync.Cond // of readers
	deadline deadline

	queue      fifo[[]byte] // what waits to be read
	outOfOrder []*segment   // what arrived before earlier parts of the stream, in its order
	next       uint64       // how much arrived in order
	read       uint64       // how much of it was read
	announced  uint64       // how much of that the last segment to the peer announced
	eof        bool         // the stream has ended
	shut       bool         // its user has closed it
}

// unread reports whether something has arrived that was not read.
func (r *receiver) unread() bool { return length(&r.queue) > 0 || len(r.outOfOrder) > 0 }

// arrived is called when the link has delivered a segment.
func (s *segment) arrived() {
	c := s.to
	c.net.mu.Lock()
	defer c.net.unlock()
	if c.embryo && c.err == nil {
		c.handToListener()
	}
	if c.err != nil || c.closed && len(s.data) > 0 {
		c.reject()
		return
	}
	c.processAck(s)
	c.receive(s)
	if s.probe {
		c.post(&segment{seq: c.out.next, ack: true})
	}
}

// receive takes the part of the stream that is in a segment, after all earlier parts.
// Exactly one copy of each part arrives.
func (c *conn) receive(s *segment) {
	r := &c.in
	switch {
	case len(s.data) == 0 && !s.fin:
		return
	case s.seq > r.next:
		i, _ := slices.BinarySearchFunc(r.outOfOrder, s.seq, func(s *segment, seq uint64) int { return compare(s.seq, seq) })
		r.outOfOrder = slices.Insert(r.outOfOrder, i, s)
		return
	}
	c.appendInOrder(s)
	for len(r.outOfOrder) > 0 && r.outOfOrder[0].seq == r.next {
		s, r.outOfOrder = r.outOfOrder[0], r.outOfOrder[1:]
		c.appendInOrder(s)
	}
	c.net.wake(&r.wake)
}

// appendInOrder appends the next part of the stream to what can be read.
func (c *conn) appendInOrder(s *segment) {
	r := &c.in
	r.next += uint64(len(s.data))
	if len(s.data) > 0 {
		push(&r.queue, s.data)
	}
	if r.shut {
		c.discard()
	}
	if s.fin {
		r.eof = true
		c.peer.leaveIfDone()
	}
}

// consume moves what has arrived to p.
func (c *conn) consume(p []byte) int {
	r := &c.in
	done := 0
	for done < len(p) && length(&r.queue) > 0 {
		piece := first(&r.queue)
		k := copy(p[done:], *piece)
		done += k
		if *piece = (*piece)[k:]; len(*piece) == 0 {
			pop(&r.queue)
		}
	}
	c.consumed(done)
	return done
}

// discard throws away what has arrived.
func (c *conn) discard() {
	n := 0
	for _, b := range all(&c.in.queue) {
		n += len(b)
	}
	c.in.queue = fifo[[]byte]{}
	c.consumed(n)
}

// consumed counts n bytes as read. It sends the peer an update when half a window was read
// since the last segment, each of which carries one.
func (c *conn) consumed(n int) {
	r := &c.in
	r.read += uint64(n)
	if r.read-r.announced >= window/2 && c.err == nil && !r.eof {
		c.post(&segment{seq: c.out.next})
	}
}

// reject answers a segment for a dead connection with a reset, unless its sender is dead too.
func (c *conn) reject() {
	if c.err == nil {
		c.abort(syscall.ECONNRESET)
	} else if c.peer.err == nil {
		c.reset()
	}
}
