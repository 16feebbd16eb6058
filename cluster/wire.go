package cluster

import (
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
)

// wire is the cluster as the network of connections sees it.
type wire struct{ c *Cluster }

func (w wire) Now() time.Duration { return w.c.Now() }

// Carry puts a segment of a connection on the link between two hosts.
func (w wire) Carry(from, to string, size int, deliver, lost func()) {
	w.carry(from, to, &event{fn: deliver, lost: lost, stream: true, bytes: size})
}

// CarryPacket puts a datagram on the link between two hosts.
func (w wire) CarryPacket(from, to string, size int, data []byte, deliver func(data []byte)) {
	e := &event{fn: func() { deliver(data) }, bytes: size}
	e.flip = func(k keyed.Key) bool {
		damaged := flipped(data, k)
		e.fn = func() { deliver(damaged) }
		return len(data) > 0
	}
	w.carry(from, to, e)
}

func (w wire) carry(from, to string, e *event) {
	f, t := w.c.machine(from), w.c.machine(to)
	lost := e.lost
	w.c.lock()
	e.kind, e.to, e.from, e.fromLife = kindSegment, t, f, f.life
	why := w.c.launch(e)
	w.c.unlock()
	if why != arrived && lost != nil {
		lost()
	}
}

// After runs fn as an event of a host.
func (w wire) After(host string, d time.Duration, fn func()) (stop func()) {
	m := w.c.machine(host)
	w.c.lock()
	h := m.host
	w.c.unlock()
	if h == nil { // it never started
		return func() {}
	}
	return h.AfterFunc(d, func() {
		w.c.loop.wakes()
		fn()
	}).Stop
}
