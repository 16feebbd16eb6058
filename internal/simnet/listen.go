package simnet

import (
	"net"
	"os"
	"sync"
	"time"
)

// backlog is how many connections wait to be accepted, as on Linux.
const backlog = 4096

// A listener accepts the connections to one port of a host.
type listener struct {
	net      *Net
	host     *host
	at       endpoint
	addr     *net.TCPAddr
	queue    fifo[*conn]
	closed   bool
	wake     sync.Cond // of the calls of Accept
	deadline deadline
}

// Listen announces on the host, as [net.Listen] does.
func (s Stack) Listen(network, addr string) (net.Listener, error) {
	n := s.host.net
	n.mu.Lock()
	defer n.unlock()
	at, err := s.bind(network, addr, isTCP, tcpPorts)
	if err != nil {
		return nil, opError("listen", "bind", network, nil, literal{network, addr}, err)
	}
	l := &listener{net: n, host: at.host, at: at, addr: &net.TCPAddr{IP: at.host.ip, Port: at.port}}
	l.wake.L = &n.mu
	l.deadline = deadline{host: at.host, wake: &l.wake}
	for _, h := range at.interfaces() {
		h.listeners[at.port] = l
	}
	return l, nil
}

// Accept waits for a connection.
func (l *listener) Accept() (net.Conn, error) {
	l.net.mu.Lock()
	defer l.net.unlock()
	for {
		switch {
		case l.closed:
			return nil, l.fail("accept", net.ErrClosed)
		case l.deadline.expired:
			return nil, l.fail("accept", os.ErrDeadlineExceeded)
		case length(&l.queue) > 0:
			return pop(&l.queue), nil
		}
		l.net.wait(&l.wake)
	}
}

// Close stops listening. Connections that wait to be accepted are reset.
func (l *listener) Close() error {
	l.net.mu.Lock()
	defer l.net.unlock()
	if l.closed {
		return l.fail("close", net.ErrClosed)
	}
	l.close()
	return nil
}

// close frees the port and resets the connections that were not accepted.
func (l *listener) close() {
	l.closed = true
	for _, h := range l.at.interfaces() {
		delete(h.listeners, l.at.port)
		h.tcp.free(l.at.port)
	}
	l.deadline.timer.cancel()
	for _, c := range all(&l.queue) {
		c.abort(net.ErrClosed)
	}
	l.queue = fifo[*conn]{}
	l.net.wake(&l.wake)
}

// Addr returns the *[net.TCPAddr] that others dial.
func (l *listener) Addr() net.Addr { return l.addr }

// SetDeadline sets the deadline of Accept, also of calls that wait already.
func (l *listener) SetDeadline(t time.Time) error {
	l.net.mu.Lock()
	defer l.net.unlock()
	if l.closed {
		return l.fail("set", net.ErrClosed)
	}
	l.deadline.change(t)
	return nil
}

func (l *listener) fail(op string, err error) error {
	return opError(op, op, "tcp", nil, l.addr, err)
}
