package simnet

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// The fields of a conn, and what happens to it, are spread over four files: here
// is what its user calls, send.go and receive.go have the two directions, and
// life.go its beginning and end.

// A conn is one end of a connection. Like [net.TCPConn] it can be closed in one
// direction.
//
// It has many methods because both directions and the deadlines of one connection share one lock.
type conn struct {
	net    *Net
	host   *host
	id     uint64
	peer   *conn
	local  *net.TCPAddr
	remote *net.TCPAddr
	port   int // that the connection holds; 0 for one that was accepted

	life    int   // of the host, when it agreed to the connection
	embryo  bool  // the listener has not seen it yet
	closed  bool  // by its user
	err     error // the error that ended it
	gone    bool  // it does nothing more, except that it may reset its peer
	linger0 bool
	keep    timer // probes a peer that may have died
	probes  int   // that went unanswered

	in  receiver
	out sender
}

// newConn makes one end of a connection.
func newConn(h *host, local, remote *net.TCPAddr) *conn {
	c := &conn{net: h.net, host: h, local: local, remote: remote}
	c.in.wake.L, c.out.wake.L = &h.net.mu, &h.net.mu
	c.in.deadline = deadline{host: h, wake: &c.in.wake}
	c.out.deadline = deadline{host: h, wake: &c.out.wake}
	return c
}

// Read reads what has arrived, and waits for it if nothing has.
func (c *conn) Read(p []byte) (int, error) {
	c.net.mu.Lock()
	defer c.net.unlock()
	for {
		switch {
		case c.closed:
			return 0, c.fail("read", net.ErrClosed)
		case c.in.deadline.expired:
			return 0, c.fail("read", os.ErrDeadlineExceeded)
		case len(p) == 0:
			return 0, nil
		case length(&c.in.queue) > 0:
			return c.consume(p), nil
		case c.in.eof || c.in.shut:
			return 0, io.EOF
		case c.err != nil:
			return 0, c.fail("read", c.err)
		}
		c.net.wait(&c.in.wake)
	}
}

// Readable reports whether Read would return at once.
func (c *conn) Readable() bool {
	c.net.mu.Lock()
	defer c.net.unlock()
	return c.closed || c.in.deadline.expired || length(&c.in.queue) > 0 || c.in.eof || c.in.shut || c.err != nil
}

// Write sends p. It blocks while the send buffer is full, and
// returns when all of p is sent or in the buffer.
func (c *conn) Write(p []byte) (int, error) {
	c.net.mu.Lock()
	defer c.net.unlock()
	for c.out.busy {
		if err := c.writeError(); err != nil {
			return 0, c.fail("write", err)
		}
		c.out.others++
		c.net.wait(&c.out.wake)
		c.out.others--
	}
	c.out.busy = true
	defer func() {
		if c.out.busy = false; c.out.others > 0 {
			c.net.wake(&c.out.wake)
		}
	}()
	done := 0
	for {
		if err := c.writeError(); err != nil {
			return done, c.fail("write", err)
		}
		done += c.enqueue(p[done:])
		c.flush()
		if done == len(p) {
			return done, nil
		}
		c.net.wait(&c.out.wake)
	}
}

// writeError returns the error of a write now; nil if it can succeed.
func (c *conn) writeError() error {
	switch {
	case c.closed:
		return net.ErrClosed
	case c.out.deadline.expired:
		return os.ErrDeadlineExceeded
	case c.err == syscall.ECONNRESET && c.out.resetReported:
		return syscall.EPIPE
	case c.err != nil:
		return c.err
	case c.out.fin:
		return syscall.EPIPE
	}
	return nil
}

// fail returns err as the error of an operation. A reset is reported once; later writes fail
// with EPIPE.
func (c *conn) fail(op string, err error) error {
	if err == syscall.ECONNRESET {
		c.out.resetReported = true
	}
	return opError(op, op, "tcp", c.local, c.remote, err)
}

// Close ends both directions. What was written is still delivered, unless not
// all that arrived was read: then the connection is reset.
func (c *conn) Close() error {
	c.net.mu.Lock()
	defer c.net.unlock()
	if c.closed {
		return c.fail("close", net.ErrClosed)
	}
	c.closed = true
	c.net.wake(&c.in.wake)
	c.net.wake(&c.out.wake)
	c.in.deadline.timer.cancel()
	c.out.deadline.timer.cancel()
	switch {
	case c.err != nil:
	case c.linger0 || c.in.unread():
		c.abort(net.ErrClosed)
	default:
		c.out.fin = true
		c.flush()
		c.leaveIfDone()
	}
	return nil
}

// CloseWrite ends the stream to the peer, which can still send.
func (c *conn) CloseWrite() error {
	c.net.mu.Lock()
	defer c.net.unlock()
	if err := c.halfCloseError(); err != nil {
		return c.fail("close", err)
	}
	c.out.fin = true
	c.flush()
	return nil
}

// CloseRead makes all reads fail with [io.EOF]. What still arrives is thrown away.
func (c *conn) CloseRead() error {
	c.net.mu.Lock()
	defer c.net.unlock()
	if err := c.halfCloseError(); err != nil {
		return c.fail("close", err)
	}
	c.in.shut = true
	c.discard()
	c.net.wake(&c.in.wake)
	return nil
}

// halfCloseError returns the error of closing one direction now; nil if it can succeed.
func (c *conn) halfCloseError() error {
	if c.closed {
		return net.ErrClosed
	}
	if c.err != nil {
		return syscall.ENOTCONN
	}
	return nil
}

// LocalAddr returns the *[net.TCPAddr] of this end.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the *[net.TCPAddr] of the other end.
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets the deadline of reads and writes.
func (c *conn) SetDeadline(t time.Time) error {
	return c.setDeadline(t, &c.in.deadline, &c.out.deadline)
}

// SetReadDeadline sets the deadline of reads, also of those that wait already.
func (c *conn) SetReadDeadline(t time.Time) error { return c.setDeadline(t, &c.in.deadline) }

// SetWriteDeadline sets the deadline of writes, also of those that wait already.
func (c *conn) SetWriteDeadline(t time.Time) error { return c.setDeadline(t, &c.out.deadline) }

// setDeadline sets some of the deadlines, unless the connection is closed.
func (c *conn) setDeadline(t time.Time, which ...*deadline) error {
	c.net.mu.Lock()
	defer c.net.unlock()
	if c.closed {
		return c.fail("set", net.ErrClosed)
	}
	for _, d := range which {
		d.change(t)
	}
	return nil
}

// SetLinger makes Close reset the connection if sec is 0.
func (c *conn) SetLinger(sec int) error {
	c.net.mu.Lock()
	defer c.net.unlock()
	c.linger0 = sec == 0
	return nil
}

// SetNoDelay does nothing: nothing is ever delayed.
func (c *conn) SetNoDelay(bool) error { return nil }

// SetKeepAlive does nothing: a dead peer is always found, see the package.
func (c *conn) SetKeepAlive(bool) error { return nil }

// SetKeepAlivePeriod does nothing: the period is always 15 seconds.
func (c *conn) SetKeepAlivePeriod(time.Duration) error { return nil }
