package simnet

import (
	"net"
	"syscall"
	"time"
)

const (
	probeInterval = 15 * time.Second
	maxProbes     = 10
)

// join adds the connection to those of its host.
func (c *conn) join() {
	c.id = c.net.id()
	c.life = c.host.life
	c.host.conns[c.id] = c
}

// leave removes the connection from its host, and stops its timers.
func (c *conn) leave() {
	if c.gone {
		return
	}
	c.gone = true
	delete(c.host.conns, c.id)
	if c.port != 0 {
		c.host.tcp.free(c.port)
	}
	c.keep.cancel()
	c.out.retry.cancel()
	c.in.deadline.timer.cancel()
	c.out.deadline.timer.cancel()
}

// leaveIfDone removes a connection that is closed and has delivered all.
func (c *conn) leaveIfDone() {
	if c.closed && c.peer.in.eof {
		c.leave()
	}
}

// die ends the connection with an error. What has arrived can still be read.
func (c *conn) die(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	c.in.outOfOrder = nil
	c.out.queue, c.out.queued, c.out.lost = fifo[[]byte]{}, 0, nil
	c.leave()
	c.net.wake(&c.in.wake)
	c.net.wake(&c.out.wake)
}

// abort ends the connection with an error, and its peer with a reset.
func (c *conn) abort(err error) {
	if c.err != nil {
		return
	}
	c.die(err)
	c.reset()
	c.peer.startProbes()
}

// reset sends the peer a reset, once: if the link loses it, the peer's next segment is
// answered with another one.
func (c *conn) reset() {
	peer := c.peer
	c.net.post(c.host, peer.host, header, func() {
		peer.net.mu.Lock()
		defer peer.net.unlock()
		peer.wasReset()
	}, nil)
	c.net.describe(c, nil, "reset")
}

// wasReset is called when the peer's reset arrives. As on Linux, a connection
// whose stream from the peer had ended is a broken pipe from then on.
func (c *conn) wasReset() {
	if c.in.eof {
		c.die(syscall.EPIPE)
	} else {
		c.die(syscall.ECONNRESET)
	}
}

// startProbes probes a peer that has died and whose reset may be lost.
func (c *conn) startProbes() {
	if c.err == nil && !c.gone && !c.embryo && !c.keep.running() {
		c.keep.reset(c.host, probeInterval, c.probe)
	}
}

func (c *conn) probe() {
	if c.probes == maxProbes {
		c.die(syscall.ETIMEDOUT)
		return
	}
	c.probes++
	c.post(&segment{seq: c.out.next, probe: true})
	c.keep.reset(c.host, probeInterval, c.probe)
}

// handToListener hands a connection whose handshake is done to its listener, unless that was
// closed, or the host has crashed since.
func (c *conn) handToListener() {
	c.embryo = false
	l := c.host.listeners[c.local.Port]
	if l == nil || c.life != c.host.life {
		c.err, c.gone = net.ErrClosed, true
		return
	}
	c.join()
	push(&l.queue, c)
	l.net.wake(&l.wake)
	if c.peer.err != nil { // its reset was lost, or is on its way
		c.startProbes()
	}
}
