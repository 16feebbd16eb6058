package cluster

import (
	"time"

	"github.com/capsize-go/capsize/cluster/internal/oscillator"
	"github.com/capsize-go/capsize/cluster/trace"
)

// A Clock is the clock of a host. It is right unless a fault makes it wrong; see [Cluster.ImpairClock].
type Clock struct{ h *Host }

// Now returns the time of the day on the host's clock. It is read at the instant of the event that is running, and moves only
// between events. It may drift, and it may jump, also back.
func (c Clock) Now() time.Time {
	w := c.h.m.c
	now := w.Now()
	if k := c.h.m.clock.Load(); k != nil {
		w.lock()
		defer w.unlock()
		now += k.Read(now)
	}
	return w.loop.start.Add(now)
}

// Since returns how much of the host's time of the day has passed since t.
func (c Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Monotonic returns what the host's oscillator has counted since the cluster was made. It drifts, and never jumps. The timers
// of the host go by it.
func (c Clock) Monotonic() time.Duration { return c.h.m.monotonic() }

func (m *machine) monotonic() time.Duration {
	now := m.c.Now() // reading it, and loading the clock, are points of a schedule: their order stays
	return m.clock.Load().Monotonic(now)
}

// A ClockError is what is wrong with a clock. The zero value is a clock that is right.
type ClockError struct {
	Skew  time.Duration // by how much it is ahead from the start
	Drift float64       // what it gains, in millionths of the time that passes
	Jump  time.Duration // each Every it jumps to an error of up to Jump, ahead or behind
	Every time.Duration
}

// ImpairClock makes the clock of a host wrong until heal is called, which sets it right in one step. The host's timers and
// deadlines go by its oscillator: a drift makes those that are set while it lasts too short or too long; jumps and skew leave
// them alone, as they do timers of an operating system.
func (c *Cluster) ImpairClock(name string, e ClockError) (heal func()) {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	x := &oscillator.Error{
		Skew: e.Skew, Drift: e.Drift, Jump: e.Jump, Every: e.Every, By: c.by, Since: c.Now(), Key: m.key.With("clock", c.by.Name),
	}
	m.setClock(m.clock.Load().With(x))
	m.scheduleJump(x)
	return c.healing(m, nil, wrong{trace.Clock, e}, func() { m.setClock(m.clock.Load().Without(x, c.Now())) })
}
