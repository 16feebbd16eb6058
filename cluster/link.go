package cluster

import (
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
)

// A link is the way from one machine to another. The way back is another link.
type link struct {
	key      keyed.Key
	troubles []*trouble // what faults do to it now, in the order in which they came
}

// A loss says what became of something that was sent.
type loss uint8

const (
	arrived loss = iota
	lostToCut
	lostToChance
	lostToCrash
)

// latency returns how long the link takes at instant t: half a millisecond to
// one and a half, and up to twenty for one in a hundred. It is drawn anew each
// millisecond; what is sent within the same one takes as long.
func (l *link) latency(t time.Duration) time.Duration {
	k := l.key.Int(int64(t / time.Millisecond))
	u := k.Uint64()
	d := 500*time.Microsecond + time.Duration(u%1000)*time.Microsecond
	if u>>32%100 == 0 {
		d += time.Duration(u>>40%18500) * time.Microsecond
	}
	return d
}

// launch puts e on the link between its two machines, unless the sender has
// crashed, and says whether the link takes it. What leaves while the sender waits
// for its disk leaves when the disk is done. It is called with the cluster locked.
func (c *Cluster) launch(e *event) loss {
	m, l := e.from, &e.from.links[e.to.id]
	alive := m.up || m.dying && e.kind == kindSegment
	if !alive || m.life != e.fromLife {
		return arrived // nobody is left to be told
	}
	if m.paused() {
		m.unsent = append(m.unsent, e)
		return arrived
	}
	e.depart = max(c.Now(), m.busy)
	c.stats.Sent++
	if len(l.troubles) > 0 {
		return c.launchImpaired(e, l)
	}
	c.loop.pushLocked(e.to.align(e.depart+l.latency(e.depart)), e)
	return arrived
}

// arrives says what becomes of e at its receiver. A link that is cut also loses
// what is on its way, and a sender that crashed before e left never sent it.
func (c *Cluster) arrives(e *event) loss {
	died := e.from.died
	if int(e.fromLife) <= len(died) && died[e.fromLife-1] < e.depart {
		return lostToCrash
	}
	for _, x := range e.from.links[e.to.id].troubles {
		if x.cut(c.Now()) {
			x.by.add(biteCut, 1)
			return lostToCut
		}
	}
	if !e.to.up {
		e.to.downed.add(biteUnheard, 1)
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

// Cut stops all that goes from one host to another until heal is called. The
// way back stays open: cut both for a partition. Cuts of several faults add up.
func (c *Cluster) Cut(from, to string) (heal func()) {
	return c.Impair(from, to, Impairment{Cut: true})
}

// Slow adds extra to the latency from one host to another until heal is called.
func (c *Cluster) Slow(from, to string, extra time.Duration) (heal func()) {
	return c.Impair(from, to, Impairment{Delay: extra})
}

// Lose makes each millisecond of the link from one host to another lose what is
// sent in it with chance p, until heal is called.
func (c *Cluster) Lose(from, to string, p float64) (heal func()) {
	return c.Impair(from, to, Impairment{Lose: p})
}

// Heal undoes whatever faults have left: it mends all links, disks and clocks,
// lets hosts that stand still go on, and boots all that are down. Heals that come
// later do nothing.
func (c *Cluster) Heal() {
	c.lock()
	c.epoch++
	c.note(c.Now(), c.machines[0], nil, kindFunc, traceHealAll)
	c.restoreMembers()
	for _, m := range c.machines {
		for i := range m.links {
			m.links[i].troubles = nil
		}
		m.mend()
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

// change applies a fault to one link. Its heal does nothing the second time.
func (c *Cluster) change(from, to string, apply func(*link) func()) (heal func()) {
	f, t := c.machine(from), c.machine(to)
	c.lock()
	defer c.unlock()
	undo := apply(&f.links[t.id])
	return c.healing(f, t, undo)
}

// healing notes that a fault struck, and returns the function that heals it by
// undo. It does nothing the second time, nor once everything was healed. The
// cluster is locked here, and while undo runs.
func (c *Cluster) healing(m, other *machine, undo func()) (heal func()) {
	c.note(c.Now(), m, other, kindFunc, traceInject)
	epoch, done := c.epoch, false
	return func() {
		c.lock()
		defer c.unlock()
		if !done && epoch == c.epoch {
			done = true
			undo()
			c.note(c.Now(), m, other, kindFunc, traceHeal)
		}
	}
}
