package cluster

import (
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/effect"
	"github.com/capsize-go/capsize/cluster/trace"
)

// paused reports whether the machine is paused.
func (m *machine) paused() bool { return len(m.pauses) > 0 }

// Pause pauses a host until heal is called, as SIGSTOP, a long garbage collection or the migration of a virtual machine does:
// its handler, its timers, its disk and what it sends wait. What reaches it meanwhile is queued, as in the buffers of its
// sockets. When it resumes all of that happens at once. Its clock runs during the pause.
//
// With the deterministic runtime of "capsize test" no goroutine of the host runs meanwhile: what waits by package time or by a
// ctx of package context waits as well, and is late when the host goes on.
//
// Without that runtime a goroutine can't be stopped from outside. One that is running when the pause begins runs until it waits
// for the host for the first time, and what it sends waits. So a pause stops what waits by the host: [Host.Sleep],
// [Host.AfterFunc], [Host.WithTimeout], deadlines of connections, messages and bytes that arrive. Timers of package time keep
// running: code that waits by [time.Sleep], [time.Ticker], [time.After] or [context.WithTimeout], as hashicorp/raft and gRPC
// do, still runs during a pause, and only what it sends waits. Such a node notices a lost lease in time where a process that
// was stopped would not, so stale reads of a paused leader are not found in it.
//
// Clients can be paused too: a pending call stays pending until the client is resumed.
func (c *Cluster) Pause(name string) (heal func()) {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	x := &pause{c.by}
	if m.pauses = append(m.pauses, x); len(m.pauses) == 1 {
		m.busy, m.busyAfterPause = forever, m.busy
		m.pausedSince = c.Now()
		m.event(trace.Pause, "", c.by.Name)
		m.scheduleHold()
	}
	return c.healing(m, nil, wrong{kind: trace.Pause}, func() {
		if i := slices.Index(m.pauses, x); i >= 0 {
			if m.pauses = slices.Delete(m.pauses, i, i+1); !m.paused() {
				m.resume()
			}
		}
	})
}

// Paused returns for how long in all a host has been paused so far.
func (c *Cluster) Paused(name string) time.Duration {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	if m.paused() {
		return m.pausedTotal + c.Now() - m.pausedSince
	}
	return m.pausedTotal
}

// IsPaused reports whether a host is paused at present.
func (c *Cluster) IsPaused(name string) bool {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	return m.paused()
}

// A pause is the pause of a machine by one fault.
type pause struct{ by *effect.Tally }

// resume ends all pauses: the events that were held happen, each at an instant of its own, and what was not sent leaves.
func (m *machine) resume() {
	c := m.c
	m.pauses = nil
	m.pausedTotal += c.Now() - m.pausedSince
	m.event(trace.Resume, "", "")
	m.scheduleHold()
	m.busy = max(c.Now(), m.busyAfterPause)
	held, unsent := m.held, m.unsent
	m.held, m.unsent = nil, nil
	for _, e := range held {
		m.postpone(e)
	}
	for _, e := range unsent {
		if why := c.launch(e); why != arrived && e.lost != nil {
			c.loop.pushLocked(m.align(c.Now()), &event{kind: kindFunc, fn: e.lost})
		}
	}
}

// ready returns the earliest instant at which the machine can begin new work.
func (m *machine) ready() time.Duration {
	if m.paused() {
		return max(m.c.Now(), m.busyAfterPause)
	}
	return max(m.c.Now(), m.busy)
}

// occupy makes the machine busy until t.
func (m *machine) occupy(t time.Duration) {
	if m.paused() {
		m.busyAfterPause = t
	} else {
		m.busy = t
	}
}

// A slowdown is what one fault adds to the time of each event of a machine.
type slowdown struct {
	by *effect.Tally
	d  time.Duration
}

// SlowHost makes a host take d for each message, timer and segment that it handles, until heal is called: a machine whose
// processor is shared with others, or throttled. What it sends leaves when the work is done.
func (c *Cluster) SlowHost(name string, d time.Duration) (heal func()) {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	x := slowdown{c.by, d}
	m.slowdowns = append(m.slowdowns, x)
	m.workTime += d
	return c.healing(m, nil, wrong{trace.Service, "each event takes " + d.String() + " more"}, func() {
		m.workTime -= d
		if i := slices.Index(m.slowdowns, x); i >= 0 {
			m.slowdowns = slices.Delete(m.slowdowns, i, i+1)
		}
	})
}

// occupyForEvent makes the machine busy with an event that begins at t.
func (m *machine) occupyForEvent(t time.Duration) {
	m.occupy(t + m.workTime)
	for _, x := range m.slowdowns {
		x.by.Add(effect.Slowed, 1)
	}
}

// restore heals all faults of the machine itself.
func (m *machine) restore() {
	m.slowdowns, m.workTime, m.nameFaults = nil, 0, nil
	for _, x := range m.degraded {
		m.recover(x)
	}
	m.degraded = nil
	if m.paused() {
		m.resume()
	}
	m.setClock(m.clock.Load().Healed(m.c.Now()))
	m.disk.restore()
}

// heldUpAfter is how long a host must stay busy to count as held up.
const heldUpAfter = 100 * time.Millisecond

// AnyNodeBusy reports whether a node stays busy for long with what it has begun on the message seam, as with an fsync that
// hangs.
func (c *Cluster) AnyNodeBusy() bool {
	c.lock()
	defer c.unlock()
	for _, name := range c.nodes {
		if c.byName[name].busy > c.Now()+heldUpAfter {
			return true
		}
	}
	return false
}
