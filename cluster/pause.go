package cluster

import (
	"slices"
	"time"
)

// paused reports whether the machine stands still.
func (m *machine) paused() bool { return len(m.pauses) > 0 }

// Pause has a host stand still until heal is called, as SIGSTOP, a long garbage
// collection or the migration of a virtual machine does: its handler, its timers,
// its disk and what it sends wait. What reaches it meanwhile is queued, as in
// the buffers of its sockets. Then all of it happens at once. Its clock goes on,
// as everybody's does: the host finds out that time has passed.
//
// A goroutine can't be stopped from outside. One that is running when the pause
// begins goes on until it waits for the host for the first time, and what it sends waits.
// So a pause stops what waits by the host: [Host.Sleep], [Host.AfterFunc],
// [Host.WithTimeout], deadlines of connections, messages and bytes that arrive. Timers of
// package time go on: code that waits by [time.Sleep], [time.Ticker], [time.After] or
// [context.WithTimeout], as hashicorp/raft and gRPC do, still runs during a pause, and
// only what it sends waits. Such a node notices a lost lease in time where a process that
// was stopped would not, so stale reads of a paused leader are not found in it.
//
// Clients can be paused too: a call that is under way stays open until the client goes on.
func (c *Cluster) Pause(name string) (heal func()) {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	x := &halt{c.by}
	if m.pauses = append(m.pauses, x); len(m.pauses) == 1 {
		m.busy, m.until = forever, m.busy
		m.since = c.Now()
	}
	return c.healing(m, nil, func() {
		if i := slices.Index(m.pauses, x); i >= 0 {
			if m.pauses = slices.Delete(m.pauses, i, i+1); !m.paused() {
				m.goOn()
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
		return m.stood + c.Now() - m.since
	}
	return m.stood
}

// IsPaused reports whether a host is paused at present.
func (c *Cluster) IsPaused(name string) bool {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	return m.paused()
}

// A halt is one fault that has a machine stand still.
type halt struct{ by *tally }

// goOn ends a pause: what was held happens, each event at an instant of its own,
// and what was not sent leaves.
func (m *machine) goOn() {
	c := m.c
	m.pauses = nil
	m.stood += c.Now() - m.since
	m.busy = max(c.Now(), m.until)
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

// ready returns from when on the machine does something that is asked of it now.
func (m *machine) ready() time.Duration {
	if m.paused() {
		return max(m.c.Now(), m.until)
	}
	return max(m.c.Now(), m.busy)
}

// occupy has the machine do nothing until t.
func (m *machine) occupy(t time.Duration) {
	if m.paused() {
		m.until = t
	} else {
		m.busy = t
	}
}

// A drag is what one fault adds to the work of a machine.
type drag struct {
	by *tally
	d  time.Duration
}

// Drag makes a host take d for each message, timer and segment that it handles,
// until heal is called: a machine whose processor is shared with others, or
// throttled. What it sends leaves when the work is done.
func (c *Cluster) Drag(name string, d time.Duration) (heal func()) {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	x := drag{c.by, d}
	m.drags = append(m.drags, x)
	m.drag += d
	return c.healing(m, nil, func() {
		m.drag -= d
		if i := slices.Index(m.drags, x); i >= 0 {
			m.drags = slices.Delete(m.drags, i, i+1)
		}
	})
}

// work has the machine busy with an event that begins at t.
func (m *machine) work(t time.Duration) {
	m.occupy(t + m.drag)
	for _, x := range m.drags {
		x.by.add(biteBusy, 1)
	}
}

// mend undoes whatever faults have done to the machine itself.
func (m *machine) mend() {
	m.drags, m.drag, m.misnamings = nil, 0, nil
	if m.paused() {
		m.goOn()
	}
	m.clock.Store(m.clock.Load().heal(m.c.Now()))
	m.disk.mend()
}

// held is how long a host is busy at least that counts as held up.
const held = 100 * time.Millisecond

// Held reports whether some node is held up for long by what it has begun on the
// message seam, as by an fsync that hangs.
func (c *Cluster) Held() bool {
	c.lock()
	defer c.unlock()
	for _, name := range c.nodes {
		if c.byName[name].busy > c.Now()+held {
			return true
		}
	}
	return false
}
