package simnet

import (
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	maxDatagram  = 65507  // bytes of data in one, over IPv4
	packetBuffer = 212992 // bytes that wait to be read, as on Linux
	packetHeader = 28     // of IP and UDP, in bytes
	overhead     = 256    // bytes that a datagram takes up in a buffer beside its data
)

// A packetConn sends and receives datagrams. It is a [net.Conn] too, which works
// if it was dialed.
type packetConn struct {
	net    *Net
	host   *host
	at     endpoint
	addr   *net.UDPAddr
	remote *net.UDPAddr // nil unless it was dialed

	queue  fifo[datagram]
	size   int // of queue
	closed bool
	wake   sync.Cond // of readers
	read   deadline
	write  deadline
}

// A datagram is one that has arrived.
type datagram struct {
	data []byte
	from *net.UDPAddr
}

// ListenPacket announces on the host, as [net.ListenPacket] does.
func (s Stack) ListenPacket(network, addr string) (net.PacketConn, error) {
	n := s.host.net
	n.mu.Lock()
	defer n.unlock()
	at, err := s.bind(network, addr, isUDP, udpPorts)
	if err != nil {
		return nil, opError("listen", "bind", network, nil, literal{network, addr}, err)
	}
	return at.newPacketConn(nil), nil
}

// dialUDP returns a packetConn at a local port, 0 for any, that exchanges datagrams with one address only.
func (s Stack) dialUDP(network string, local int, addr string) (net.Conn, error) {
	n := s.host.net
	n.mu.Lock()
	defer n.unlock()
	from, to, port, err := s.ends(network, addr, isUDP)
	if err == nil {
		local, err = from.udp.take(local)
	}
	if err != nil {
		return nil, opError("dial", "connect", network, nil, literal{network, addr}, err)
	}
	return endpoint{host: from, port: local}.newPacketConn(&net.UDPAddr{IP: to.ip, Port: port}), nil
}

// newPacketConn returns a packetConn at a port that is reserved. A remote address limits it to that peer.
func (e endpoint) newPacketConn(remote *net.UDPAddr) *packetConn {
	h := e.host
	p := &packetConn{net: h.net, host: h, at: e, addr: &net.UDPAddr{IP: h.ip, Port: e.port}, remote: remote}
	p.wake.L = &h.net.mu
	p.read = deadline{host: h, wake: &p.wake}
	p.write = deadline{host: h, wake: &p.wake}
	for _, h := range e.interfaces() {
		h.packets[e.port] = p
	}
	return p
}

// ReadFrom waits for a datagram. What does not fit b is lost.
func (p *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	p.net.mu.Lock()
	defer p.net.unlock()
	for {
		switch {
		case p.closed:
			return 0, nil, p.fail("read", nil, net.ErrClosed)
		case p.read.expired:
			return 0, nil, p.fail("read", nil, os.ErrDeadlineExceeded)
		case length(&p.queue) > 0:
			d := pop(&p.queue)
			p.size -= len(d.data) + overhead
			return copy(b, d.data), d.from, nil
		}
		p.net.wait(&p.wake)
	}
}

// WriteTo sends a datagram. It never blocks, and does not report a loss.
func (p *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	p.net.mu.Lock()
	defer p.net.unlock()
	if p.remote != nil {
		return 0, p.fail("write", to, net.ErrWriteToConnected)
	}
	return p.send(b, to)
}

// Read reads a datagram.
func (p *packetConn) Read(b []byte) (int, error) {
	n, _, err := p.ReadFrom(b)
	return n, err
}

// Write sends a datagram to the address that was dialed.
func (p *packetConn) Write(b []byte) (int, error) {
	p.net.mu.Lock()
	defer p.net.unlock()
	if p.remote == nil {
		return 0, p.fail("write", nil, syscall.EDESTADDRREQ)
	}
	return p.send(b, p.remote)
}

// send sends a copy of b as one datagram, unless it is too large.
func (p *packetConn) send(b []byte, to net.Addr) (int, error) {
	switch {
	case p.closed:
		return 0, p.fail("write", to, net.ErrClosed)
	case p.write.expired:
		return 0, p.fail("write", to, os.ErrDeadlineExceeded)
	case len(b) > maxDatagram:
		return 0, p.fail("write", to, syscall.EMSGSIZE)
	}
	h, port, err := p.resolve(to)
	if err != nil {
		return 0, p.fail("write", to, err)
	}
	from := p.addr
	if p.host == p.host.loopback && h != p.host {
		return 0, p.fail("write", to, syscall.EINVAL) // as Linux says of what can't leave the machine
	} else if h == p.at.also { // from this interface as well
		from = &net.UDPAddr{IP: h.ip, Port: from.Port}
	}
	p.net.postPacket(p.host, h, packetHeader+len(b), append([]byte(nil), b...), func(data []byte) {
		h.receive(port, datagram{data, from})
	})
	return len(b), nil
}

// resolve returns the host and port of an address to send to.
func (p *packetConn) resolve(to net.Addr) (*host, int, error) {
	if a, ok := to.(*net.UDPAddr); ok && a != nil {
		h, err := p.net.findIP(p.host, a.IP)
		return h, a.Port, err
	}
	if to == nil {
		return nil, 0, errors.New("missing address")
	}
	return p.net.parse(p.host, "udp", to.String(), isUDP)
}

// receive is called when a datagram arrives at a port. It drops it without an error if
// nothing listens there, or if the buffer is full.
func (h *host) receive(port int, d datagram) {
	h.net.mu.Lock()
	defer h.net.unlock()
	p := h.packets[port]
	size := len(d.data) + overhead
	if p == nil || p.size+size > packetBuffer || !p.accepts(d.from) {
		return
	}
	push(&p.queue, d)
	p.size += size
	p.net.wake(&p.wake)
}

// accepts reports whether datagrams from an address are wanted.
func (p *packetConn) accepts(from *net.UDPAddr) bool {
	return p.remote == nil || p.remote.Port == from.Port && p.remote.IP.Equal(from.IP)
}

// Close stops receiving.
func (p *packetConn) Close() error {
	p.net.mu.Lock()
	defer p.net.unlock()
	if p.closed {
		return p.fail("close", nil, net.ErrClosed)
	}
	p.close()
	return nil
}

func (p *packetConn) close() {
	p.closed = true
	p.queue, p.size = fifo[datagram]{}, 0
	for _, h := range p.at.interfaces() {
		delete(h.packets, p.at.port)
		h.udp.free(p.at.port)
	}
	p.read.timer.cancel()
	p.write.timer.cancel()
	p.net.wake(&p.wake)
}

// LocalAddr returns the *[net.UDPAddr] that others send to.
func (p *packetConn) LocalAddr() net.Addr { return p.addr }

// RemoteAddr returns the *[net.UDPAddr] that was dialed; nil if none was.
func (p *packetConn) RemoteAddr() net.Addr {
	if p.remote == nil {
		return nil
	}
	return p.remote
}

// SetDeadline sets the deadline of reads and writes.
func (p *packetConn) SetDeadline(t time.Time) error { return p.setDeadline(t, &p.read, &p.write) }

// SetReadDeadline sets the deadline of reads, also of those that wait already.
func (p *packetConn) SetReadDeadline(t time.Time) error { return p.setDeadline(t, &p.read) }

// SetWriteDeadline sets the deadline of writes.
func (p *packetConn) SetWriteDeadline(t time.Time) error { return p.setDeadline(t, &p.write) }

// setDeadline sets some of the deadlines, unless the connection is closed.
func (p *packetConn) setDeadline(t time.Time, which ...*deadline) error {
	p.net.mu.Lock()
	defer p.net.unlock()
	if p.closed {
		return p.fail("set", nil, net.ErrClosed)
	}
	for _, d := range which {
		d.change(t)
	}
	return nil
}

func (p *packetConn) fail(op string, to net.Addr, err error) error {
	if to == nil {
		to = p.RemoteAddr()
	}
	return opError(op, op, "udp", p.addr, to, err)
}
