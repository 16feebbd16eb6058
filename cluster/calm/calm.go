// Package calm makes connections deterministic for libraries that run goroutines of
// their own, such as gRPC and hashicorp/raft. A run is right without it, but a seed may not
// repeat the run; docs/reference/libraries.md says by how much it helps.
//
// The goroutines that one event wakes run in any order. So it is random into how
// many writes a library divides what it sends at one instant, and whether it sends
// before or after it syncs its disk. Both change the number of
// segments, and when they leave the host. A connection of this package sends what is
// written at one instant in one piece, once all goroutines that run at that instant
// are blocked.
package calm

import (
	"context"
	"net"
	"sync"

	"github.com/capsize-go/capsize/cluster"
)

// most is how many bytes wait to be sent before a write blocks.
const most = 256 << 10

// Dialer returns [cluster.Host.DialContext] of h with calm connections. It has the
// shape that http.Transport.DialContext and others ask for.
func Dialer(h *cluster.Host) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := h.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return newConn(h, c), nil
	}
}

// Listener returns l, a listener of h, with calm connections.
func Listener(h *cluster.Host, l net.Listener) net.Listener { return &listener{l, h} }

type listener struct {
	net.Listener
	h *cluster.Host
}

// Accept waits for a connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newConn(l.h, c), nil
}

// A conn is a calm connection.
type conn struct {
	net.Conn
	h *cluster.Host

	mu   sync.Mutex
	buf  []byte        // what was written and not yet sent
	due  bool          // a flush is scheduled, or runs
	sent chan struct{} // closed by the next flush
	err  error         // of a flush: all later writes return it
}

func newConn(h *cluster.Host, c net.Conn) *conn {
	return &conn{Conn: c, h: h, sent: make(chan struct{})}
}

// Write buffers p to be sent. It blocks while the buffer is full. An error of
// the connection is returned by a later Write.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.buf) >= most && c.err == nil {
		sent := c.sent
		c.mu.Unlock()
		<-sent
		c.mu.Lock()
	}
	if c.err != nil {
		return 0, c.err
	}
	if !c.due {
		c.due = true
		c.h.AfterFunc(0, func() { go c.flush() })
	}
	c.buf = append(c.buf, p...)
	return len(p), nil
}

// flush sends until nothing is left.
func (c *conn) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.buf) > 0 && c.err == nil {
		p := c.buf
		c.buf = nil
		close(c.sent)
		c.sent = make(chan struct{})
		c.mu.Unlock()
		_, err := c.Conn.Write(p)
		c.mu.Lock()
		c.err = err
	}
	c.due = false
}

// Close closes the connection. What was written before is sent, as on a TCP
// connection, unless an earlier flush still waits for the peer.
func (c *conn) Close() error {
	c.mu.Lock()
	p := c.buf
	c.buf = nil
	if c.err == nil {
		c.err = net.ErrClosed
	}
	close(c.sent)
	c.sent = make(chan struct{})
	c.mu.Unlock()
	if len(p) > 0 {
		_, _ = c.Conn.Write(p) // the peer may be gone; Close succeeds all the same
	}
	return c.Conn.Close()
}
