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

// join makes the connection one of its host's.
func (c *conn) join() {
	c.id = c.net.id()
	c.life = c.host.life
	c.host.conns[c.id] = c
}

// leave ends all that the connection does of itself.
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

// settle ends a connection that was closed and has delivered all.
func (c *conn) settle() {
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
	c.in.early = nil
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
	c.peer.watch()
}

// reset tells the peer that this end is dead. It is told once only: if the link
// loses that, the peer's next segment is answered in the same way.
func (c *conn) reset() {
	peer := c.peer
	c.net.post(c.host, peer.host, header, func() {
		peer.net.mu.Lock()
		defer peer.net.unlock()
		peer.wasReset()
	}, nil)
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

// watch probes a peer that died and may not have been able to say so.
func (c *conn) watch() {
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

// adopt hands a connection whose handshake is done to its listener. There is
// none any more if it was closed, or if the host has crashed since.
func (c *conn) adopt() {
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
		c.watch()
	}
}
