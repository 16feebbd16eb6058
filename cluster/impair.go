package cluster

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/diskimage"
	"github.com/capsize-go/capsize/cluster/internal/effect"
	"github.com/capsize-go/capsize/cluster/internal/latency"
	"github.com/capsize-go/capsize/cluster/internal/runhash"
	"github.com/capsize-go/capsize/internal/keyed"
)

// An Impairment is what is wrong with a link. The zero value impairs nothing, and several fields may be set at once. Whatever is
// drawn is drawn anew for each short interval (a millisecond, or a tenth of one), so that it comes in bursts.
type Impairment struct {
	Cut     bool          // everything is lost, also what is on its way
	Flap    time.Duration // with Cut: cut for the first half of each such period only
	Delay   time.Duration // added to the latency; see Jitter for how
	Jitter  Jitter
	Lose    float64 // chance that something is lost
	Double  float64 // chance that a message or datagram arrives twice; streams hide it
	Reorder float64 // chance that something is overtaken by what was sent within ReorderBy after it
	Damage  float64 // chance that something is damaged on its way
	Deliver bool    // damaged messages and datagrams are delivered; else a checksum catches them and they are lost

	// Bandwidth in bytes a second; zero for no limit. What waits for longer than MaxQueue is lost. Messages count by their Size
	// method, their length if they are bytes, and else as 256.
	Bandwidth int
}

// ReorderBy is the longest extra delay of something that is reordered, and of the second copy of a duplicate.
const ReorderBy = 10 * time.Millisecond

// MaxQueue is the longest time that something waits for a link of little bandwidth.
const MaxQueue = time.Second

// A Jitter says how the delay of an [Impairment] is distributed.
type Jitter string

const (
	// Constant adds the delay as it is.
	Constant Jitter = ""
	// Uniform adds between nothing and twice the delay.
	Uniform Jitter = "uniform"
	// Exponential adds an exponentially distributed time with the delay as mean.
	Exponential Jitter = "exponential"
	// LongTail adds a Pareto-distributed time of shape 1.5 with the delay as mean, and at most a hundred times the delay: mostly
	// little, at times very much.
	LongTail Jitter = "long-tail"
)

// A Corrupter is a message body that can be damaged as by flipped bits that no checksum detects. Corrupt returns a damaged copy
// and leaves the body as it is. Bodies that are bytes need no such method: one bit of a copy is flipped. Any other body can't be
// damaged, and is lost instead.
type Corrupter interface {
	Corrupt(r *rand.Rand) any
}

// A Sizer is a message body that knows how many bytes it takes on a link.
type Sizer interface{ Size() int }

// An activeImpairment is an impairment of one link by one fault.
type activeImpairment struct {
	Impairment
	by    *effect.Tally
	since time.Duration
	free  time.Duration // when the link has sent all that waits for its bandwidth
}

// draw returns the key of a draw for what is sent in the interval around t.
func (x *activeImpairment) draw(l *link, what string, t, stretch time.Duration) keyed.Key {
	return l.key.With(what, x.by.Name).Int(int64(t / stretch))
}

// cut reports whether the link is cut at t.
func (x *activeImpairment) cut(t time.Duration) bool {
	return x.Cut && (x.Flap <= 0 || (t-x.since)%x.Flap < x.Flap/2)
}

// delay draws what is added to the latency at t.
func (x *activeImpairment) delay(l *link, t time.Duration) time.Duration {
	if x.Delay <= 0 || x.Jitter == Constant {
		return x.Delay
	}
	return latency.Spread(string(x.Jitter), x.Delay, x.draw(l, "jitter", t, time.Millisecond).Float64())
}

// launchImpaired is launch on a link that has impairments: their delays add up, and each may lose or duplicate the event.
func (c *Cluster) launchImpaired(e *event, l *link) loss {
	at := c.cfg.Calm.Of(l.key, e.depart)
	var copies []*event
	for _, x := range l.impairments {
		why, extra := c.applyImpairment(e, l, x)
		if why != arrived {
			c.count(why)
			e.sent.By(x.by.Name)
			e.recordArrival(e.depart, why)
			return why
		}
		at += extra
		if x.Double > 0 && !e.stream && x.draw(l, "double", e.depart, time.Millisecond/10).Float64() < x.Double {
			x.by.Add(effect.Doubled, 1)
			c.note(c.Now(), e.to, e.from, e.kind, runhash.Doubled)
			twin := c.loop.newEvent()
			*twin = *e
			twin.sent = e.sent.Copy(x.by.Name)
			copies = append(copies, twin)
		}
	}
	c.loop.pushLocked(e.to.align(e.depart+at), e)
	for i, twin := range copies {
		extra := l.key.With("twin").Int(int64(e.depart), int64(i)).Range(1, int64(ReorderBy))
		c.loop.pushLocked(e.to.align(e.depart+at+time.Duration(extra)), twin)
	}
	return arrived
}

// applyImpairment says what one fault does to something that is sent: it loses it, or delays it by extra.
func (c *Cluster) applyImpairment(e *event, l *link, x *activeImpairment) (why loss, extra time.Duration) {
	t := e.depart
	switch {
	case x.cut(c.Now()):
		x.by.Add(effect.Cut, 1)
		return lostToCut, 0
	case x.Lose > 0 && x.draw(l, "loss", t, time.Millisecond).Float64() < x.Lose:
		x.by.Add(effect.Lost, 1)
		return lostToChance, 0
	case x.Damage > 0 && x.draw(l, "damage", t, time.Millisecond/10).Float64() < x.Damage:
		x.by.Add(effect.Damaged, 1)
		c.note(c.Now(), e.to, e.from, e.kind, runhash.Damaged)
		e.sent.By(x.by.Name)
		if !x.Deliver || !e.damage(x.draw(l, "bits", t, time.Millisecond/10)) {
			return lostToChance, 0
		}
	}
	extra = x.delay(l, t)
	if x.Bandwidth > 0 {
		x.free = max(x.free, t)
		wait := x.free - t
		if wait > MaxQueue {
			x.by.Add(effect.Lost, 1)
			return lostToChance, 0
		}
		took := time.Duration(int64(e.size()) * int64(time.Second) / int64(x.Bandwidth))
		x.free += took
		extra += wait + took
	}
	if extra > 0 {
		x.by.Add(effect.Delayed, 1)
		e.sent.By(x.by.Name)
	}
	if k := x.draw(l, "reorder", t, time.Millisecond/10); x.Reorder > 0 && k.Float64() < x.Reorder {
		x.by.Add(effect.Reordered, 1)
		e.sent.By(x.by.Name)
		extra += time.Duration(k.With("by").Range(int64(ReorderBy/10), int64(ReorderBy)))
	}
	return arrived, extra
}

// size returns how many bytes the event takes on a link.
func (e *event) size() int {
	switch body := e.msg.Body.(type) {
	case nil:
		return e.bytes
	case []byte:
		return len(body)
	case Sizer:
		return body.Size()
	}
	return 256
}

// damage flips bits of what the event brings, and reports whether it could.
func (e *event) damage(k keyed.Key) bool {
	if e.flip != nil {
		return e.flip(k)
	}
	switch body := e.msg.Body.(type) {
	case []byte:
		e.msg.Body = diskimage.Flipped(body, k.Range)
		return len(body) > 0
	case Corrupter:
		e.msg.Body = body.Corrupt(k.Rand())
		return true
	}
	return false
}

// Impair impairs the link from one host to another until heal is called. The way back stays as it is. Impairments of several
// faults add up.
func (c *Cluster) Impair(from, to string, i Impairment) (heal func()) {
	return c.change(from, to, i, func(l *link) func() {
		x := &activeImpairment{Impairment: i, by: c.by, since: c.Now()}
		l.impairments = append(l.impairments, x)
		return func() {
			l.impairments = slices.DeleteFunc(l.impairments, func(y *activeImpairment) bool { return x == y })
		}
	})
}
