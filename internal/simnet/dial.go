package simnet

import (
	"context"
	"net"
	"syscall"
	"time"
)

// A SYN is sent up to seven times, with twice the timeout each time.
const (
	firstSYN = time.Second
	maxSYNs  = 7
)

// A dial is the handshake of a connection.
type dial struct {
	id     uint64
	client *conn
	server *conn
	syns   int
	retry  timer
	done   chan struct{} // closed when over
	over   bool
	err    error // why it failed
}

// Dial connects the host to an address, as [net.Dialer.DialContext] does.
func (s Stack) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return s.DialFrom(ctx, network, 0, addr)
}

// DialFrom is Dial from a local port, 0 for any.
func (s Stack) DialFrom(ctx context.Context, network string, local int, addr string) (net.Conn, error) {
	if isUDP(network) {
		return s.dialUDP(network, local, addr)
	}
	if ctx.Err() != nil {
		return nil, opError("dial", "connect", network, nil, literal{network, addr}, ended(ctx))
	}
	d, err := s.dial(network, local, addr)
	if err != nil {
		return nil, err
	}
	select {
	case <-d.done:
	case <-ctx.Done():
		s.host.net.mu.Lock()
		d.finish(ended(ctx))
		s.host.net.unlock()
	}
	if d.err != nil {
		return nil, opError("dial", "connect", network, nil, d.client.remote, d.err)
	}
	return d.client, nil
}

// ends returns the interface that reaches an address, the host of that and its port.
func (s Stack) ends(network, addr string, known func(string) bool) (from, to *host, port int, err error) {
	from = s.host
	to, port, err = s.parse(network, addr, known)
	if to == from && from.loopback != nil && isWildcard(addr) {
		to = from.loopback
	}
	if to != nil && to == from.loopback {
		from = to
	}
	return from, to, port, err
}

// dial starts a handshake.
func (s Stack) dial(network string, local int, addr string) (*dial, error) {
	n := s.host.net
	n.mu.Lock()
	defer n.unlock()
	h, to, port, err := s.ends(network, addr, isTCP)
	if err == nil {
		local, err = h.tcp.take(local)
	}
	if err != nil {
		return nil, opError("dial", "connect", network, nil, literal{network, addr}, err)
	}
	a, b := &net.TCPAddr{IP: h.ip, Port: local}, &net.TCPAddr{IP: to.ip, Port: port}
	d := &dial{id: n.id(), client: newConn(h, a, b), server: newConn(to, b, a), done: make(chan struct{})}
	d.client.port, d.server.embryo = local, true
	d.client.peer, d.server.peer = d.server, d.client
	h.dials[d.id] = d
	d.sendSYN()
	return d, nil
}

// sendSYN sends a SYN, and again after a timeout, until the dial fails.
func (d *dial) sendSYN() {
	if d.syns == maxSYNs {
		d.finish(syscall.ETIMEDOUT)
		return
	}
	c := d.client
	c.net.post(c.host, d.server.host, header, d.synArrived, nil)
	c.net.describe(c, nil, "connect")
	d.retry.reset(c.host, firstSYN<<d.syns, d.sendSYN)
	d.syns++
}

// synArrived is called when the SYN arrives. A listener with a full backlog does not answer.
func (d *dial) synArrived() {
	s := d.server
	s.net.mu.Lock()
	defer s.net.unlock()
	l := s.host.listeners[s.local.Port]
	switch {
	case l == nil:
		s.net.post(s.host, d.client.host, header, func() { d.synAnswered(syscall.ECONNREFUSED) }, nil)
		s.net.describe(s, nil, "refuse")
	case length(&l.queue) < backlog:
		s.life = s.host.life
		s.net.post(s.host, d.client.host, header, func() { d.synAnswered(nil) }, nil)
		s.net.describe(s, nil, "accept")
	}
}

// synAnswered is called when the answer to the SYN arrives. The connection is then open
// on this side; its first segment opens it on the other.
func (d *dial) synAnswered(err error) {
	c := d.client
	c.net.mu.Lock()
	defer c.net.unlock()
	if d.over {
		return
	}
	if err == nil {
		c.join()
		c.post(&segment{handshake: true})
	}
	d.finish(err)
}

// finish ends the handshake, unless it has ended before.
func (d *dial) finish(err error) {
	if d.over {
		return
	}
	d.over, d.err = true, err
	c := d.client
	d.retry.cancel()
	delete(c.host.dials, d.id)
	if err != nil {
		c.host.tcp.free(c.port)
	}
	c.net.wakeups = append(c.net.wakeups, wakeup{done: d.done})
}
