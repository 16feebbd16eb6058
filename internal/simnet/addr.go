package simnet

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"syscall"
)

// The range of ephemeral ports, as on Linux.
const (
	firstEphemeral = 32768
	lastEphemeral  = 60999
)

// ports are those of one host and one protocol.
type ports struct {
	used map[int]bool
	next int
}

func newPorts() ports { return ports{map[int]bool{}, firstEphemeral} }

// take reserves a port, or the next free one for port 0. It fails with
// EADDRINUSE, or with EADDRNOTAVAIL if none is free.
func (p *ports) take(port int) (int, error) {
	if port != 0 {
		if p.used[port] {
			return 0, syscall.EADDRINUSE
		}
		p.used[port] = true
		return port, nil
	}
	for range lastEphemeral - firstEphemeral + 1 {
		port := p.next
		if p.next++; p.next > lastEphemeral {
			p.next = firstEphemeral
		}
		if !p.used[port] {
			p.used[port] = true
			return port, nil
		}
	}
	return 0, syscall.EADDRNOTAVAIL
}

func (p *ports) free(port int) { delete(p.used, port) }

// parse finds the host and the port of an address, on a network for which known
// is true.
func (s Stack) parse(network, addr string, known func(string) bool) (*host, int, error) {
	if err := s.alive(); err != nil {
		return nil, 0, err
	}
	return s.host.net.parse(s.host, network, addr, known)
}

// parse splits an address such as "n1:80" and finds its host: local if the
// address names none.
func (n *Net) parse(local *host, network, addr string, known func(string) bool) (*host, int, error) {
	if !known(network) {
		return nil, 0, net.UnknownNetworkError(network)
	}
	name, service, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, 0, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, 0, &net.AddrError{Err: "the port is not a number from 0 to 65535", Addr: addr}
	}
	h, err := n.find(local, name)
	return h, int(port), err
}

// find returns the host of that name or IP. No name, and the IP that stands for
// all of a machine's own, mean the local one.
func (n *Net) find(local *host, name string) (*host, error) {
	if name == "" {
		return local, nil
	}
	if h := n.hosts[name]; h != nil {
		return h, nil
	}
	ip := net.ParseIP(name)
	if name == "localhost" {
		ip = net.IPv4(127, 0, 0, 1)
	}
	if ip == nil {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return n.findIP(local, ip)
}

// findIP returns the host of that IP. Unless a host was given a loopback interface there is none: code that uses it would reach its
// own host where it means another one.
func (n *Net) findIP(local *host, ip net.IP) (*host, error) {
	if ip.IsLoopback() && local.loopback != nil {
		return local.loopback, nil
	}
	if ip.IsLoopback() {
		return nil, &net.AddrError{Err: `a host has no loopback interface; its own address is ":port"`, Addr: ip.String()}
	}
	if len(ip) == 0 || ip.IsUnspecified() {
		return local, nil
	}
	if h := n.byIP[string(ip.To16())]; h != nil {
		return h, nil
	}
	return nil, syscall.EHOSTUNREACH
}

func isTCP(network string) bool { return network == "tcp" || network == "tcp4" }
func isUDP(network string) bool { return network == "udp" || network == "udp4" }

// An endpoint is where a listener listens: a port of one interface of a host, or of all of them.
type endpoint struct {
	host *host
	also *host // the other interface; nil for none
	port int
}

// bind reserves the port of an address to listen on, which must be of this host.
func (s Stack) bind(network, addr string, known func(string) bool, of func(*host) *ports) (e endpoint, err error) {
	at, port, err := s.parse(network, addr, known)
	if err != nil {
		return e, err
	}
	if at != s.host && at != s.host.loopback {
		return e, os.NewSyscallError("bind", syscall.EADDRNOTAVAIL)
	}
	e = endpoint{host: at}
	if at == s.host && isWildcard(addr) {
		e.also = at.loopback
	}
	for {
		if e.port, err = of(e.host).take(port); err != nil || e.also == nil {
			return e, err
		}
		if _, err = of(e.also).take(e.port); err == nil {
			return e, nil
		}
		of(e.host).free(e.port)
		if port != 0 {
			return e, err
		}
	}
}

// isWildcard reports whether an address to listen on stands for all interfaces of a host.
func isWildcard(addr string) bool {
	name, _, err := net.SplitHostPort(addr)
	return err == nil && (name == "" || net.ParseIP(name).IsUnspecified())
}

func tcpPorts(h *host) *ports { return &h.tcp }
func udpPorts(h *host) *ports { return &h.udp }

// interfaces returns the interfaces of the endpoint.
func (e endpoint) interfaces() []*host {
	if e.also == nil {
		return []*host{e.host}
	}
	return []*host{e.host, e.also}
}

// literal is an address as it was given, for errors.
type literal struct{ network, addr string }

func (a literal) Network() string { return a.network }
func (a literal) String() string  { return a.addr }

// opError returns err as package net would. The name of the system call goes
// before what the system itself reports.
func opError(op, call, network string, source, addr net.Addr, err error) error {
	if errno := syscall.Errno(0); errors.As(err, &errno) && error(errno) == err {
		err = os.NewSyscallError(call, err)
	}
	return &net.OpError{Op: op, Net: network, Source: source, Addr: addr, Err: err}
}

// dialTimeout is the error of a dial whose context has timed out; package net
// does not export its own.
type dialTimeout struct{}

func (dialTimeout) Error() string   { return "i/o timeout" }
func (dialTimeout) Timeout() bool   { return true }
func (dialTimeout) Temporary() bool { return true }
func (dialTimeout) Is(err error) bool {
	return err == context.DeadlineExceeded || err == os.ErrDeadlineExceeded
}

// dialCanceled is the error of a dial whose context was cancelled.
type dialCanceled struct{}

func (dialCanceled) Error() string     { return "operation was canceled" }
func (dialCanceled) Is(err error) bool { return err == context.Canceled }

// ended returns the error of a dial whose context has ended.
func ended(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return dialTimeout{}
	}
	return dialCanceled{}
}
