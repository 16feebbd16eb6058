package cluster

import (
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/effect"
	"github.com/capsize-go/capsize/internal/keyed"
)

// A Clock is the clock of a host. It is right unless a fault makes it wrong; see
// [Cluster.ImpairClock].
type Clock struct{ h *Host }

// Now returns the time of the day on the host's clock. It is read at the instant
// of the event that is running, and moves only between events. It may drift,
// and it may jump, also back.
func (c Clock) Now() time.Time {
	w := c.h.m.c
	now := w.Now()
	if k := c.h.m.clock.Load(); k != nil {
		w.lock()
		defer w.unlock()
		now += k.read(now)
	}
	return w.loop.start.Add(now)
}

// Since returns how much of the host's time of the day has passed since t.
func (c Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Monotonic returns what the host's oscillator has counted since the cluster was
// made. It drifts, and never jumps. The timers of the host go by it.
func (c Clock) Monotonic() time.Duration {
	return c.h.m.monotonic()
}

func (m *machine) monotonic() time.Duration {
	now := m.c.Now()
	if k := m.clock.Load(); k != nil {
		return now + k.lead + k.drift(now)
	}
	return now
}

// A ClockError is what is wrong with a clock. The zero value is a clock that is right.
type ClockError struct {
	Skew  time.Duration // by how much it is ahead from the start
	Drift float64       // what it gains, in millionths of the time that passes
	Jump  time.Duration // each Every it jumps to an error of up to Jump, ahead or behind
	Every time.Duration
}

// An activeClockError is an error of one clock by one fault.
type activeClockError struct {
	ClockError
	by    *effect.Tally
	key   keyed.Key
	since time.Duration
}

// A clock is the state of a clock that is or was wrong. It is immutable, so that it can be
// read without a lock: a change stores another one.
type clock struct {
	errors []*activeClockError
	lead   time.Duration // by how much former drifts have advanced the oscillator
}

func (x *activeClockError) drift(t time.Duration) time.Duration {
	return time.Duration(x.Drift * float64(t-x.since) / 1e6)
}

func (x *activeClockError) error(t time.Duration) time.Duration {
	e := x.Skew + x.drift(t)
	if x.Jump > 0 && x.Every > 0 {
		e += time.Duration(x.key.Int(int64((t-x.since)/x.Every)).Range(int64(-x.Jump), int64(x.Jump)))
	}
	return e
}

// read returns by how much the clock is ahead at t, and counts the reading as an effect.
func (k *clock) read(t time.Duration) (ahead time.Duration) {
	k.count(t, 1)
	for _, x := range k.errors {
		ahead += x.error(t)
	}
	return ahead
}

// count counts readings at t as an effect.
func (k *clock) count(t time.Duration, readings int64) {
	for _, x := range k.errors {
		if e := x.error(t); e != 0 {
			x.by.Add(effect.ClockRead, readings)
			x.by.Raise(effect.ClockError, max(e, -e).Microseconds())
		}
	}
}

func (k *clock) drift(t time.Duration) (d time.Duration) {
	for _, x := range k.errors {
		d += x.drift(t)
	}
	return d
}

// stretch returns how long it takes the clock to count d, and counts a timer that is off as
// an effect.
func (k *clock) stretch(d time.Duration) time.Duration {
	rate := 1.0
	for _, x := range k.errors {
		if x.Drift != 0 {
			x.by.Add(effect.Timer, 1)
			rate += x.Drift / 1e6
		}
	}
	if rate <= 0 {
		return d
	}
	return time.Duration(float64(d) / rate)
}

// heal returns the clock after all its errors have ended at t. What its drifts have advanced
// the oscillator stays.
func (k *clock) heal(t time.Duration) *clock {
	if k == nil {
		return nil
	}
	return &clock{lead: k.lead + k.drift(t)}
}

// ImpairClock makes the clock of a host wrong until heal is called, which sets it
// right in one step. The host's timers and deadlines go by its oscillator: a
// drift makes those that are set while it lasts too short or too long; jumps and
// skew leave them alone, as they do timers of an operating system.
func (c *Cluster) ImpairClock(name string, e ClockError) (heal func()) {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	x := &activeClockError{ClockError: e, by: c.by, since: c.Now(), key: m.key.With("clock", c.by.Name)}
	next := clock{}
	if k := m.clock.Load(); k != nil {
		next = clock{slices.Clone(k.errors), k.lead}
	}
	next.errors = append(next.errors, x)
	m.setClock(&next)
	m.scheduleJump(x)
	return c.healing(m, nil, func() {
		k := m.clock.Load()
		next := clock{lead: k.lead + x.drift(c.Now())}
		for _, y := range k.errors {
			if x != y {
				next.errors = append(next.errors, y)
			}
		}
		m.setClock(&next)
	})
}
