package gossip

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/capsize-go/capsize/cluster"
)

// maxPacket is the size of the largest datagram.
const maxPacket = 64 << 10

// A transport lets memberlist send and receive on a host.
type transport struct {
	host      *cluster.Host
	port      int
	listener  net.Listener
	datagrams net.PacketConn
	packets   chan *memberlist.Packet
	streams   chan net.Conn
	closed    chan struct{}
	close     func()
	readers   sync.WaitGroup
}

var _ memberlist.NodeAwareTransport = (*transport)(nil)

// NewTransport returns a transport that listens on a port of h, for datagrams
// and for connections. It is of use until it is shut down or the host crashes.
// It draws from [cluster.Host.Rand], to seed what memberlist draws from.
func NewTransport(h *cluster.Host, port int) (memberlist.Transport, error) {
	addr := net.JoinHostPort("", strconv.Itoa(port))
	l, err := h.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("transport of %s: %w", h.Name(), err)
	}
	p, err := h.ListenPacket("udp", addr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("transport of %s: %w", h.Name(), err), l.Close())
	}
	t := &transport{
		host: h, port: port, listener: l, datagrams: p,
		packets: make(chan *memberlist.Packet), streams: make(chan net.Conn), closed: make(chan struct{}),
	}
	//lint:ignore SA1019 there is no other way to reach what memberlist draws from
	rand.Seed(int64(h.Rand().Uint64()))
	t.close = sync.OnceFunc(func() { close(t.closed) })
	t.readers.Go(t.receive)
	t.readers.Go(t.accept)
	return t, nil
}

// receive hands datagrams to memberlist until the host crashes or the transport
// is shut down.
func (t *transport) receive() {
	for {
		buf := make([]byte, maxPacket)
		n, from, err := t.datagrams.ReadFrom(buf)
		if err != nil {
			return
		}
		if n == 0 {
			continue
		}
		p := &memberlist.Packet{Buf: append([]byte(nil), buf[:n]...), From: from, Timestamp: t.host.Clock().Now()}
		select {
		case t.packets <- p:
		case <-t.closed:
			return
		}
	}
}

// accept hands connections to memberlist, likewise.
func (t *transport) accept() {
	for {
		c, err := t.listener.Accept()
		if err != nil {
			return
		}
		select {
		case t.streams <- c:
		case <-t.closed:
			_ = c.Close()
			return
		}
	}
}

// FinalAdvertiseAddr returns the host's own address unless ip gives another.
func (t *transport) FinalAdvertiseAddr(ip string, port int) (net.IP, int, error) {
	if ip == "" {
		return t.host.IP().To4(), t.port, nil
	}
	given := net.ParseIP(ip)
	if given == nil {
		return nil, 0, fmt.Errorf("advertise %q: not an IP", ip)
	}
	return given, port, nil
}

// WriteTo sends a datagram.
func (t *transport) WriteTo(b []byte, addr string) (time.Time, error) {
	return t.WriteToAddress(b, memberlist.Address{Addr: addr})
}

// WriteToAddress sends a datagram.
func (t *transport) WriteToAddress(b []byte, to memberlist.Address) (time.Time, error) {
	_, err := t.datagrams.WriteTo(b, address(to.Addr))
	return t.host.Clock().Now(), err
}

// DialTimeout connects to a peer.
func (t *transport) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	return t.DialAddressTimeout(memberlist.Address{Addr: addr}, timeout)
}

// DialAddressTimeout connects to a peer. It fails once the transport is shut
// down: memberlist finishes a probe even then.
func (t *transport) DialAddressTimeout(to memberlist.Address, timeout time.Duration) (net.Conn, error) {
	if t.isClosed() {
		return nil, fmt.Errorf("dial %s: %w", to.String(), net.ErrClosed)
	}
	ctx, cancel := t.host.WithTimeout(context.Background(), timeout)
	defer cancel()
	return t.host.DialContext(ctx, "tcp", to.Addr)
}

// PacketCh returns where datagrams arrive.
func (t *transport) PacketCh() <-chan *memberlist.Packet { return t.packets }

// StreamCh returns where connections arrive.
func (t *transport) StreamCh() <-chan net.Conn { return t.streams }

// Shutdown stops listening, and waits until nothing arrives any more. After a
// crash of the host there is nothing left to close.
func (t *transport) Shutdown() error {
	t.close()
	err := errors.Join(t.listener.Close(), t.datagrams.Close())
	t.readers.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (t *transport) isClosed() bool {
	select {
	case <-t.closed:
		return true
	default:
		return false
	}
}

// An address is that of a peer, as memberlist spells it.
type address string

func (address) Network() string  { return "udp" }
func (a address) String() string { return string(a) }
