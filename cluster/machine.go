package cluster

import (
	"context"
	"fmt"
	"net"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
)

// A machine is what a [Host] runs on. It outlives crashes; a Host does not.
type machine struct {
	c     *Cluster
	id    int
	name  string
	node  string // the node that a client is bound to
	ip    net.IP
	phase time.Duration
	key   keyed.Key
	links []link // to every machine, by id

	up      bool
	dying   bool            // it crashes in this instant: its connections may send resets
	life    uint32          // counts the starts
	died    []time.Duration // when each life ended
	host    *Host           // of the present life
	handler func(Message)
	cancel  context.CancelFunc
	role    string
	busy    time.Duration // until then the machine does nothing: it waits for its disk
	resume  time.Duration // the last instant that was given to a postponed event
	disk    disk
}

// align returns the first instant from t on that is one of the machine's own.
func (m *machine) align(t time.Duration) time.Duration {
	d := t - t%time.Microsecond + m.phase
	if d < t {
		d += time.Microsecond
	}
	return d
}

// postpone schedules e anew for when the machine is free. What was postponed
// keeps its order.
func (m *machine) postpone(e *event) {
	m.resume = max(m.align(m.busy), m.resume+time.Microsecond)
	m.c.loop.pushLocked(m.resume, e)
}

// start boots the machine: a new life, with what the disk kept.
func (m *machine) start() {
	c := m.c
	c.lock()
	if m.up || c.stopping {
		c.unlock()
		return
	}
	ctx, cancel := context.WithCancel(c.ctx)
	m.up, m.cancel, m.busy = true, cancel, 0
	m.life++
	m.host = newHost(m, ctx)
	c.note(c.Now(), m, nil, kindFunc, 0)
	h, sys := m.host, c.cfg.System
	c.unlock()
	if m.id < c.cfg.Nodes && sys != nil {
		go m.live(ctx, h, sys)
	}
}

// live runs the system for one life of the machine.
func (m *machine) live(ctx context.Context, h *Host, sys System) {
	pprof.SetGoroutineLabels(pprof.WithLabels(ctx, pprof.Labels("capsize", m.c.cfg.Label, "host", m.name)))
	returned := false
	defer func() {
		if p := recover(); p != nil {
			m.die(h, fmt.Sprintf("panic: %v", p), string(debug.Stack()))
		} else if !returned {
			m.die(h, "Run called runtime.Goexit", "")
		}
	}()
	err := sys.Run(ctx, h)
	returned = true
	if ctx.Err() == nil {
		m.die(h, fmt.Sprintf("Run came back before it was told to: %v", errOr(err, "without an error")), "")
	}
}

func errOr(err error, otherwise string) string {
	if err == nil {
		return otherwise
	}
	return err.Error()
}

// crash ends the machine's life.
func (m *machine) crash() {
	c := m.c
	c.lock()
	if !m.up {
		c.unlock()
		return
	}
	now := c.Now()
	c.note(now, m, nil, kindFunc, 1)
	m.up, m.dying, m.handler, m.role = false, true, nil, ""
	m.died = append(m.died, now)
	if !c.stopping {
		c.stats.Crashes++
	}
	c.stats.BytesLost += m.disk.crash(now)
	c.unlock()
	c.net.Crash(m.name)
	c.lock()
	m.dying = false
	c.unlock()
	m.cancel()
}

// die records that user code ended a life by itself, and crashes the machine if
// it still lives that life. A process that crashed before says nothing more.
func (m *machine) die(h *Host, what, stack string) {
	if h.gone() {
		return
	}
	m.c.find(Finding{Host: m.name, What: what, Stack: stack})
	m.c.At(m.c.Now(), m.name, m.crash)
}

// handle gives a message to the handler.
func (m *machine) handle(handler func(Message), msg Message) {
	defer m.recovered()
	handler(msg)
}

// run runs user code as an event of the machine.
func (m *machine) run(fn func()) {
	defer m.recovered()
	fn()
}

func (m *machine) recovered() {
	if p := recover(); p != nil {
		m.die(m.host, fmt.Sprintf("panic: %v", p), string(debug.Stack()))
	}
}
