// Package simnet is a network of named hosts in one process. It offers ordinary
// code what package net offers: [net.Conn], [net.Listener] and [net.PacketConn].
//
// It is only a transport layer. Time and the links between hosts are
// those of a [Wire] beneath it, which decides how long a segment takes and whether
// it arrives; above it, connections keep the promises of TCP and datagrams keep
// none. The package starts no goroutine and draws nothing: all that happens is an event of
// one host, so two ends of a connection never wake at the same instant, and two
// runs over the same wire are equal.
//
// # What is like TCP on Linux
//
// A dial takes one round trip. A SYN that is not answered is sent again after
// one second, two, four, and so on, for 127 seconds; then the dial fails with
// ETIMEDOUT. A dial to a port without a listener fails with ECONNREFUSED, and one to a listener
// whose backlog is full waits.
//
// Bytes arrive in order or not at all. What a link loses is sent again after
// 200 ms, doubling up to two minutes; after fifteen attempts, which take
// 924.6 seconds, the connection fails with ETIMEDOUT. A writer can be 512 KiB
// ahead of its reader: half of it travels or waits to be read, half waits to be
// sent, and Write blocks beyond that.
//
// Close delivers what was written, then the end of the stream. It resets the
// connection instead if not all that arrived had been read, or if more arrives
// later. After a reset, what had arrived can still be read; then Read fails with
// ECONNRESET, and Write with EPIPE.
//
// When a host crashes, each of its peers is sent a reset, which the link may
// lose. A peer that the reset did not reach gets another one for what it sends, as soon
// as the host is back; one that only reads, for its probes every fifteen seconds,
// of which ten in a row may be lost (Go enables such probes on every connection).
//
// # What is not
//
// The wire reports losses to the sender. So an acknowledgment is a
// segment of its own only where the sender waits for it: after a loss, and at a
// full window. There is no congestion control, no bandwidth, no delay for small
// writes (TCP_NODELAY, as Go sets it) and no probing of idle connections whose
// both ends are alive. A reset may overtake bytes that were sent just before it.
package simnet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/capsize-go/capsize/internal/detrt"
)

// A Wire is the clock and the links beneath a network. Package simnet calls Carry without
// its lock, but Now, After and the functions that After returns with it:
// they must not call back before they return.
type Wire interface {
	// Now returns the virtual time since the beginning.
	Now() time.Duration

	// Carry brings size bytes from one host to another. If they arrive, deliver
	// is run as an event of the host they were sent to. If the link loses them,
	// lost is run: as an event, or at once, before Carry returns; it may be nil.
	// If one of the two hosts crashes meanwhile, neither need be run.
	Carry(from, to string, size int, deliver, lost func())

	// After runs fn as an event of a host after d, unless it is stopped or the
	// host crashes first.
	After(host string, d time.Duration, fn func()) (stop func())
}

// A PacketWire is a Wire that may deliver a datagram twice, or damaged. CarryPacket is Carry
// for a datagram; data is the argument of deliver, and must not be changed.
type PacketWire interface {
	CarryPacket(from, to string, size int, data []byte, deliver func(data []byte))
}

// A RecordingWire is a Wire that may want to know what it carries. If Recording reports true when the network is made, segments of
// connections are carried by CarrySegment, which is Carry with what the segment is.
type RecordingWire interface {
	Recording() bool
	CarrySegment(from, to string, s Segment, deliver, lost func())
}

// A Segment is a part of a connection on its way.
type Segment struct {
	Bytes            int    // with its headers
	From, To         string // hosts
	FromPort, ToPort int
	Data             []byte // of the stream; must not be changed
	Control          string // what it is for that has no data: "connect", "accept", "refuse", "handshake", "reset", "close", "probe", "acknowledgment"
}

// A ClockWire is a Wire whose hosts have clocks that may be wrong. Monotonic returns what the oscillator of a host has counted, by which
// After goes. Package simnet calls it with its lock. With a deterministic runtime a deadline is on the clock of the host that
// sets it, as package time shows it.
type ClockWire interface {
	Monotonic(host string) time.Duration
}

// A Net is a network of hosts.
type Net struct {
	wire   Wire
	record RecordingWire // nil: nothing is recorded
	epoch  time.Time     // when the wire's time began

	mu      sync.Mutex // guards all there is; never held while waiting or in Carry
	out     []outgoing // to be carried as soon as the lock is released
	wakeups []wakeup   // to be woken after that
	hosts   map[string]*host
	byIP    map[string]*host
	serial  uint64
}

// An outgoing is something that is to be carried.
type outgoing struct {
	from, to      *host
	size          int
	deliver, lost func()

	data   []byte // of a datagram
	packet func(data []byte)
	about  *Segment // if it is recorded
}

// A wakeup wakes goroutines that wait: for a condition or for a channel to be closed.
type wakeup struct {
	cond *sync.Cond
	done chan struct{}
}

// New returns a network without hosts.
func New(w Wire) *Net {
	n := &Net{wire: w, epoch: detrt.Now().Add(-w.Now()), hosts: map[string]*host{}, byIP: map[string]*host{}}
	if r, ok := w.(RecordingWire); ok && r.Recording() {
		n.record = r
	}
	return n
}

// A host is one machine of the network, or its loopback interface.
type host struct {
	net  *Net
	name string
	ip   net.IP
	life int // counts the crashes

	loopback *host // the host's own interface for what it sends itself; nil if it has none

	listeners map[int]*listener
	packets   map[int]*packetConn
	conns     map[uint64]*conn // all that something may still happen to
	dials     map[uint64]*dial
	tcp, udp  ports
}

// AddHost adds a host, which takes part from then on.
func (n *Net) AddHost(name string, ip net.IP) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.newHost(name, ip)
	n.hosts[name], n.byIP[string(h.ip)] = h, h
}

func (n *Net) newHost(name string, ip net.IP) *host {
	return &host{
		net: n, name: name, ip: ip.To16(),
		listeners: map[int]*listener{}, packets: map[int]*packetConn{},
		conns: map[uint64]*conn{}, dials: map[uint64]*dial{},
		tcp: newPorts(), udp: newPorts(),
	}
}

// AddLoopback gives a host a loopback interface, unless it has one. Then 127.0.0.1, and no address in a dial, are the host itself, by
// ports of their own; a listener without an address listens there as well.
func (n *Net) AddLoopback(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h := n.hosts[name]; h.loopback == nil {
		h.loopback = n.newHost(name, net.IPv4(127, 0, 0, 1))
		h.loopback.loopback = h.loopback
	}
}

// Crash ends all connections and listeners of the host. Calls that wait on them fail
// with [net.ErrClosed], and so do all later calls. Its
// peers get resets, for which the wire must still carry what the host sends
// in this instant; without them, they notice the crash later. New listeners and
// connections may be opened on the host at any time afterwards.
func (n *Net) Crash(name string) {
	n.mu.Lock()
	defer n.unlock()
	h := n.hosts[name]
	h.crash()
	if h.loopback != nil {
		h.loopback.crash()
	}
}

func (h *host) crash() {
	h.life++
	for _, c := range inOrder(h.conns) {
		c.closed = true
		c.abort(net.ErrClosed)
	}
	for _, d := range inOrder(h.dials) {
		d.finish(net.ErrClosed)
	}
	for _, l := range inOrder(h.listeners) {
		l.close()
	}
	for _, p := range inOrder(h.packets) {
		p.close()
	}
}

// inOrder returns the values of a map in the order of its keys.
func inOrder[K cmp.Ordered, V any](m map[K]V) []V {
	var all []V
	for _, k := range slices.Sorted(maps.Keys(m)) {
		all = append(all, m[k])
	}
	return all
}

// A Stack is the network as one life of a host uses it. After a crash of the
// host it always fails with [net.ErrClosed], so that code which outlives the
// crash can't act for the host's next life.
type Stack struct {
	host *host
	life int
}

// Stack returns the stack of the present life of a host. A name that no host has
// is a mistake in the calling code, and a panic.
func (n *Net) Stack(name string) Stack {
	n.mu.Lock()
	defer n.unlock()
	h := n.hosts[name]
	if h == nil {
		panic(fmt.Sprintf("simnet: there is no host %q", name))
	}
	return Stack{h, h.life}
}

// alive returns an error if the life of the stack has ended.
func (s Stack) alive() error {
	if s.life != s.host.life {
		return net.ErrClosed
	}
	return nil
}

// Dial connects a host to an address; see [Stack.Dial].
func (n *Net) Dial(ctx context.Context, from, network, addr string) (net.Conn, error) {
	return n.Stack(from).Dial(ctx, network, addr)
}

// Listen announces on a host; see [Stack.Listen].
func (n *Net) Listen(host, network, addr string) (net.Listener, error) {
	return n.Stack(host).Listen(network, addr)
}

// ListenPacket announces on a host; see [Stack.ListenPacket].
func (n *Net) ListenPacket(host, network, addr string) (net.PacketConn, error) {
	return n.Stack(host).ListenPacket(network, addr)
}

// post queues something to be carried when the lock is released.
func (n *Net) post(from, to *host, size int, deliver, lost func()) {
	n.out = append(n.out, outgoing{from: from, to: to, size: size, deliver: deliver, lost: lost})
}

// describe says what was posted last: a segment from one end of a connection to its peer.
func (n *Net) describe(c *conn, data []byte, control string) {
	if n.record != nil {
		n.out[len(n.out)-1].about = &Segment{
			Bytes: header + len(data), From: c.host.name, To: c.peer.host.name, FromPort: c.local.Port, ToPort: c.remote.Port, Data: data, Control: control,
		}
	}
}

// postPacket queues a datagram to be carried when the lock is released.
func (n *Net) postPacket(from, to *host, size int, data []byte, packet func(data []byte)) {
	n.out = append(n.out, outgoing{from: from, to: to, size: size, data: data, packet: packet})
}

// carry hands a letter to the wire.
func (n *Net) carry(l outgoing) {
	if l.about != nil {
		n.record.CarrySegment(l.from.name, l.to.name, *l.about, l.deliver, l.lost)
	} else if l.packet == nil {
		n.wire.Carry(l.from.name, l.to.name, l.size, l.deliver, l.lost)
	} else if w, ok := n.wire.(PacketWire); ok {
		w.CarryPacket(l.from.name, l.to.name, l.size, l.data, l.packet)
	} else {
		n.wire.Carry(l.from.name, l.to.name, l.size, func() { l.packet(l.data) }, nil)
	}
}

// wake wakes the goroutines that wait for c when the lock is released.
func (n *Net) wake(c *sync.Cond) { n.wakeups = append(n.wakeups, wakeup{cond: c}) }

// unlock releases the lock and carries what was posted under it. After that it wakes the
// goroutines that wait, since what they send must be carried later.
func (n *Net) unlock() {
	out, wakeups := n.out, n.wakeups
	n.out, n.wakeups = nil, nil
	n.mu.Unlock()
	for _, l := range out {
		n.carry(l)
	}
	for _, r := range wakeups {
		if r.cond != nil {
			r.cond.Broadcast()
		} else {
			close(r.done)
		}
	}
}

// wait waits for c with the lock released. It may return early: the caller must check its
// condition again.
func (n *Net) wait(c *sync.Cond) {
	if len(n.out) > 0 || len(n.wakeups) > 0 {
		n.unlock()
		n.mu.Lock()
		return
	}
	c.Wait()
}

// id returns a number that nothing else has.
func (n *Net) id() uint64 {
	n.serial++
	return n.serial
}
