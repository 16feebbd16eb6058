package simnet

import (
	"context"
	"net"
	"syscall"
	"time"
)

// A SYN is sent seven times, and waited for twice as long each time.
const (
	firstSYN = time.Second
	maxSYNs  = 7
)

// A dial is a connection in the making.
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
	if isUDP(network) {
		return s.dialUDP(network, addr)
	}
	if ctx.Err() != nil {
		return nil, opError("dial", "connect", network, nil, literal{network, addr}, ended(ctx))
	}
	d, err := s.dial(network, addr)
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

// dial starts a handshake.
func (s Stack) dial(network, addr string) (*dial, error) {
	h, n := s.host, s.host.net
	n.mu.Lock()
	defer n.unlock()
	to, port, err := s.parse(network, addr, isTCP)
	if err != nil {
		return nil, opError("dial", "connect", network, nil, literal{network, addr}, err)
	}
	local, err := h.tcp.take(0)
	if err != nil {
		return nil, opError("dial", "connect", network, nil, literal{network, addr}, err)
	}
	a, b := &net.TCPAddr{IP: h.ip, Port: local}, &net.TCPAddr{IP: to.ip, Port: port}
	d := &dial{id: n.id(), client: newConn(h, a, b), server: newConn(to, b, a), done: make(chan struct{})}
	d.client.port, d.server.embryo = local, true
	d.client.peer, d.server.peer = d.server, d.client
	h.dials[d.id] = d
	d.knock()
	return d, nil
}

// knock sends a SYN, again if the last one was not answered.
func (d *dial) knock() {
	if d.syns == maxSYNs {
		d.finish(syscall.ETIMEDOUT)
		return
	}
	c := d.client
	c.net.post(c.host, d.server.host, header, d.asked, nil)
	d.retry.reset(c.host, firstSYN<<d.syns, d.knock)
	d.syns++
}

// asked is called when the SYN arrives.
func (d *dial) asked() {
	s := d.server
	s.net.mu.Lock()
	defer s.net.unlock()
	l := s.host.listeners[s.local.Port]
	switch {
	case l == nil:
		s.net.post(s.host, d.client.host, header, func() { d.answered(syscall.ECONNREFUSED) }, nil)
	case length(&l.queue) < backlog:
		s.life = s.host.life
		s.net.post(s.host, d.client.host, header, func() { d.answered(nil) }, nil)
	}
}

// answered is called when the answer to the SYN arrives. The connection is open
// then on this side; what it sends first opens it on the other.
func (d *dial) answered(err error) {
	c := d.client
	c.net.mu.Lock()
	defer c.net.unlock()
	if d.over {
		return
	}
	if err == nil {
		c.join()
		c.post(&segment{hello: true})
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
	c.net.roused = append(c.net.roused, rouse{done: d.done})
}
