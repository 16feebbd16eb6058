package cluster

import (
	"time"

	"github.com/capsize-go/capsize/cluster/internal/diskimage"
	"github.com/capsize-go/capsize/cluster/internal/effect"
	"github.com/capsize-go/capsize/cluster/internal/runhash"
	"github.com/capsize-go/capsize/cluster/internal/tracer"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/internal/simnet"
)

// A link is the way from one machine to another. The way back is another link.
type link struct {
	key         keyed.Key
	impairments []*activeImpairment // in the order in which they began
}

// A loss says whether something that was sent arrived, and if not, why.
type loss uint8

const (
	arrived loss = iota
	lostToCut
	lostToChance
	lostToCrash
)

// launch puts e on the link between its two machines, unless the sender has crashed, and says whether the link loses it. If the
// sender waits for its disk, e leaves when the disk is done. It is called with the cluster locked.
func (c *Cluster) launch(e *event) loss {
	m, l := e.from, &e.from.links[e.to.id]
	alive := m.up || m.dying && e.kind == kindSegment
	if !alive || m.life != e.fromLife {
		return arrived // a sender that crashed gets no report of a loss
	}
	if c.rec.Follows() {
		c.recordSend(e)
	}
	if m.paused() {
		m.unsent = append(m.unsent, e)
		return arrived
	}
	e.depart = max(c.Now(), m.busy)
	c.stats.Sent++
	e.sent.Leaves(e.depart)
	if len(l.impairments) > 0 {
		return c.launchImpaired(e, l)
	}
	c.loop.pushLocked(e.to.align(e.depart+c.cfg.Calm.Of(l.key, e.depart)), e)
	return arrived
}

// arrival says whether e arrives, at the instant when it is due. A link that is cut also loses what is on its way, and a sender
// that crashed before e left never sent it.
func (c *Cluster) arrival(e *event) loss {
	died := e.from.died
	if int(e.fromLife) <= len(died) && died[e.fromLife-1] < e.depart {
		return lostToCrash
	}
	for _, x := range e.from.links[e.to.id].impairments {
		if x.cut(c.Now()) {
			x.by.Add(effect.Cut, 1)
			e.sent.By(x.by.Name)
			return lostToCut
		}
	}
	if !e.to.up {
		e.to.crashedBy.Add(effect.HostDown, 1)
		return lostToCrash
	}
	return arrived
}

// count counts what was lost.
func (c *Cluster) count(why loss) {
	switch why {
	case lostToCut:
		c.stats.LostToCut++
	case lostToChance:
		c.stats.LostToChance++
	case lostToCrash:
		c.stats.LostToCrash++
	}
}

// Cut stops all that goes from one host to another until heal is called. The way back stays open: cut both for a partition.
// Cuts of several faults add up.
func (c *Cluster) Cut(from, to string) (heal func()) {
	return c.Impair(from, to, Impairment{Cut: true})
}

// Slow adds extra to the latency from one host to another until heal is called.
func (c *Cluster) Slow(from, to string, extra time.Duration) (heal func()) {
	return c.Impair(from, to, Impairment{Delay: extra})
}

// Lose makes each millisecond of the link from one host to another lose what is sent in it with chance p, until heal is called.
func (c *Cluster) Lose(from, to string, p float64) (heal func()) {
	return c.Impair(from, to, Impairment{Lose: p})
}

// Heal heals all faults: it restores all links, disks and clocks, resumes hosts that are paused, and restarts all that are
// down. The heal functions of earlier faults do nothing afterwards.
func (c *Cluster) Heal() {
	c.lock()
	c.epoch++
	c.note(c.Now(), c.machines[0], nil, kindFunc, runhash.HealAll)
	detrt.Quietly(func() { c.rec.Restored(c.Now()) })
	c.restoreMembers()
	for _, m := range c.machines {
		for i := range m.links {
			m.links[i].impairments = nil
		}
		m.restore()
	}
	c.unlock()
	for _, m := range c.machines {
		c.Restart(m.name)
	}
}

// Partition cuts the network between each of a and each of b, both ways.
func (c *Cluster) Partition(a, b []string) (heal func()) {
	var heals []func()
	for _, x := range a {
		for _, y := range b {
			heals = append(heals, c.Cut(x, y), c.Cut(y, x))
		}
	}
	return func() {
		for _, heal := range heals {
			heal()
		}
	}
}

// change applies a fault to one link, and returns the function that heals it.
func (c *Cluster) change(from, to string, i Impairment, apply func(*link) func()) (heal func()) {
	f, t := c.machine(from), c.machine(to)
	c.lock()
	defer c.unlock()
	undo := apply(&f.links[t.id])
	return c.healing(f, t, wrong{trace.Link, i}, undo)
}

// healing notes that a fault was injected, and returns the function that heals it by undo. That does nothing the second time,
// nor after [Cluster.Heal]. The cluster is locked here, and while undo runs.
func (c *Cluster) healing(m, other *machine, w wrong, undo func()) (heal func()) {
	c.note(c.Now(), m, other, kindFunc, runhash.Inject)
	c.recordFault(m, other, w, false)
	epoch, done := c.epoch, false
	return func() {
		c.lock()
		defer c.unlock()
		if !done && epoch == c.epoch {
			done = true
			undo()
			c.note(c.Now(), m, other, kindFunc, runhash.Heal)
			c.recordFault(m, other, w, true)
		}
	}
}

// wire is the cluster as package simnet sees it, which makes connections of segments.
type wire struct{ c *Cluster }

func (w wire) Now() time.Duration { return w.c.Now() }

// Carry puts a segment of a connection on the link between two hosts.
func (w wire) Carry(from, to string, size int, deliver, lost func()) {
	w.carry(from, to, &event{fn: deliver, lost: lost, stream: true, bytes: size})
}

// Recording reports whether segments are to be carried by CarrySegment.
func (w wire) Recording() bool { return w.c.rec.Follows() }

// CarrySegment is Carry of a segment that is recorded.
func (w wire) CarrySegment(from, to string, s simnet.Segment, deliver, lost func()) {
	w.carry(from, to, &event{fn: deliver, lost: lost, stream: true, bytes: s.Bytes, sent: tracer.Part(tracer.Segment(s))})
}

// CarryPacket puts a datagram on the link between two hosts.
func (w wire) CarryPacket(from, to string, size int, data []byte, deliver func(data []byte)) {
	e := &event{fn: func() { deliver(data) }, bytes: size}
	e.flip = func(k keyed.Key) bool {
		damaged := diskimage.Flipped(data, k.Range)
		e.fn = func() { deliver(damaged) }
		return len(data) > 0
	}
	w.carry(from, to, e)
}

// carry launches an event of package simnet, and reports a loss that is known at once. It calls lost without the lock, since
// lost may send.
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

// Monotonic returns what the oscillator of a host has counted.
func (w wire) Monotonic(host string) time.Duration { return w.c.machine(host).monotonic() }
