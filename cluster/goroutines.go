package cluster

import (
	"context"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/oscillator"
	"github.com/capsize-go/capsize/internal/detrt"
)

// With a deterministic runtime each life of a machine is a host of package detrt, to which its goroutines belong. The state of such a host is
// changed by events alone: then every goroutine is blocked, and none is held that has a lock of the simulation.

// An actor is a machine whose code a goroutine of the loop runs: the goroutine has its profiler labels, and belongs to its
// present life. Goroutines inherit both, so all that an event of a host starts is known to be of the host. The zero value is none.
type actor struct {
	m    *machine
	life detrt.Host
}

// actor returns whose code the event runs. It is called with the cluster locked.
func (e *event) actor() actor {
	m := e.to
	if m == nil || e.own || !m.up || m.stopped {
		return actor{m: m}
	}
	return actor{m, m.goroutines}
}

// become has the running goroutine, which is as a says, be as another actor is.
func (a *actor) become(next actor) {
	switch {
	case a.m == next.m:
	case next.m == nil:
		pprof.SetGoroutineLabels(context.Background())
	default:
		pprof.SetGoroutineLabels(next.m.labels)
	}
	if a.life != next.life {
		next.life.Enter()
	}
	*a = next
}

// bear begins a life.
func (m *machine) bear() {
	m.goroutines, m.stopped, m.readings = detrt.NewHost(m.name), false, 0
	m.setClock(m.clock.Load())
	if m.c.programs {
		m.runProgram()
	}
}

// kill stops the goroutines of the present life where they stand, and reports whether it did. Without a deterministic runtime it can't, and the
// end of the run leaves them the time to end, unless they are those of a program, which knows nothing of an end.
func (m *machine) kill() bool {
	if m.c.stopping && !m.c.programs || !detrt.Active() {
		return false
	}
	m.countReadings()
	m.goroutines.Set(detrt.Dead)
	if m.c.stopping {
		return true
	}
	if m.disk.files != nil { // its crash has done that
		return true
	}
	if err := m.c.folders.Renew(m.name); err != nil {
		m.c.addFinding(Finding{Host: m.name, What: err.Error()})
	}
	return true
}

// scheduleHold has the goroutines of the machine held, or go on, as soon as all are blocked.
func (m *machine) scheduleHold() {
	if detrt.Active() {
		c := m.c
		c.loop.pushLocked(c.Now(), &event{kind: kindFunc, to: m, own: true, fn: func() {
			c.loop.wakes()
			m.holdOrResume()
		}})
	}
}

func (m *machine) holdOrResume() {
	m.c.lock()
	defer m.c.unlock()
	if m.stopped = m.paused(); m.stopped {
		m.goroutines.Set(detrt.Paused)
	} else {
		m.goroutines.Set(detrt.Up)
	}
}

// setClock gives the machine another clock, and has package time on its goroutines go by it.
func (m *machine) setClock(k *oscillator.Clock) {
	m.countReadings()
	if m.clock.Store(k); k == nil {
		return
	}
	ahead, gain := time.Duration(0), 0.0
	for _, x := range k.Errors {
		ahead += x.Ahead(m.c.Now())
		gain += x.Drift
	}
	m.goroutines.SetClock(ahead, int64(gain*1000))
}

// scheduleJump has package time jump when the clock does, as long as it has that error.
func (m *machine) scheduleJump(x *oscillator.Error) {
	if !detrt.Active() || x.Jump <= 0 || x.Every <= 0 {
		return
	}
	c := m.c
	at := x.Since + (c.Now()-x.Since)/x.Every*x.Every + x.Every
	c.loop.pushLocked(at, &event{kind: kindFunc, fn: func() {
		c.lock()
		defer c.unlock()
		if k := m.clock.Load(); slices.Contains(k.Errors, x) {
			m.setClock(k)
			m.scheduleJump(x)
		}
	}})
}

// countReadings counts what code of the machine has read of package time since it did so last, as effects of what is wrong with the clock.
func (m *machine) countReadings() {
	n := m.goroutines.Readings()
	m.readings, n = n, n-m.readings
	if k := m.clock.Load(); k != nil && n > 0 {
		k.Count(m.c.Now(), int64(n))
	}
}

// byClock returns an instant as code of the machine is to see it: by the clock of the goroutine that asks.
func (m *machine) byClock(at time.Duration) time.Time {
	l := m.c.loop
	if detrt.Current() == detrt.World {
		return l.start.Add(at)
	}
	return time.Now().Add(at - l.passed())
}
