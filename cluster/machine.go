package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"runtime/pprof"
	"sync/atomic"
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

	retry   bool // it went down by itself because of its disk, and boots again
	damaged bool // its disk broke a promise

	pauses []*halt       // of each fault that has the machine stand still
	stood  time.Duration // how long it was paused in all, without the present pause
	since  time.Duration // when the present pause began
	until  time.Duration // it was busy till then when it came to a stand
	held   []*event      // that came while it stood still
	unsent []*event      // that leave as soon as it goes on
	drags  []drag        // of each fault that makes it slow
	drag   time.Duration // how long the machine takes for each event because of them
	clock  atomic.Pointer[clock]
	downed *tally // of the fault that crashed it last

	labels context.Context // bears the profiler labels of the goroutines that run code of the host

	misnamings []*misnaming // what faults do to its lookups
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
	if m.paused() {
		m.held = append(m.held, e)
		m.pauses[0].by.add(biteHeld, 1)
		return
	}
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
	ctx, cancel := context.WithCancel(pprof.WithLabels(c.ctx, c.labelsOf(m.name)))
	m.up, m.cancel, m.busy = true, cancel, 0
	if m.paused() {
		m.busy, m.until = forever, 0
	}
	m.life++
	m.host = newHost(m, ctx)
	c.note(c.Now(), m, nil, kindFunc, traceBoot)
	c.happen(Boot)
	h, sys := m.host, c.cfg.System
	c.unlock()
	if m.id < c.cfg.Nodes && sys != nil {
		go m.live(ctx, h, sys)
	}
}

// live runs the system for one life of the machine.
func (m *machine) live(ctx context.Context, h *Host, sys System) {
	pprof.SetGoroutineLabels(ctx)
	returned := false
	defer func() {
		if p := recover(); p != nil {
			m.panicked(h, p)
		} else if !returned {
			m.die(h, Ended, "Run called runtime.Goexit", "")
		}
	}()
	err := sys.Run(ctx, h)
	returned = true
	if errors.Is(err, ErrDisk) {
		m.giveUp(h)
	} else if ctx.Err() == nil {
		m.die(h, Ended, fmt.Sprintf("Run came back before it was told to: %v", errOr(err, "without an error")), "")
	}
}

func errOr(err error, otherwise string) string {
	if err == nil {
		return otherwise
	}
	return err.Error()
}

// crashBy ends the machine's life in the name of a fault; nil for none. Its peers
// are sent resets unless it is silent.
func (m *machine) crashBy(by *tally, silent bool) {
	c := m.c
	c.lock()
	m.retry = false
	if !m.up {
		c.unlock()
		return
	}
	now := c.Now()
	c.note(now, m, nil, kindFunc, traceCrash)
	m.up, m.dying, m.handler, m.role, m.downed = false, !silent, nil, "", by
	m.died = append(m.died, now)
	if !c.stopping {
		c.stats.Crashes++
		by.add(biteCrash, 1)
	}
	lost := m.disk.crash(now, int64(m.life))
	c.stats.BytesLost += lost
	by.add(biteBytes, lost)
	if m.paused() {
		m.goOn()
	}
	c.unlock()
	c.net.Crash(m.name)
	c.lock()
	m.dying = false
	c.unlock()
	m.cancel()
}

// die records that user code ended a life by itself, and crashes the machine if
// it still lives that life. A process that crashed before says nothing more.
func (m *machine) die(h *Host, kind FindingKind, what, stack string) {
	if h.gone() {
		return
	}
	m.c.find(Finding{Kind: kind, Host: m.name, What: what, Stack: stack})
	m.numb()
	m.c.At(m.c.Now(), m.name, func() { m.crashBy(nil, false) })
}

// numb keeps the machine from doing anything until its crash, which is due in
// this instant: other events of the instant may come before it.
func (m *machine) numb() {
	m.c.lock()
	defer m.c.unlock()
	m.occupy(m.ready() + 2*time.Microsecond)
}

// giveUp ends a life that user code ends because its disk fails. It boots again
// a second later, unless a fault wants it down.
func (m *machine) giveUp(h *Host) {
	c := m.c
	if h.gone() {
		return
	}
	m.numb()
	c.At(c.Now(), m.name, func() {
		m.crashBy(nil, false)
		c.lock()
		m.retry = true
		c.unlock()
	})
	c.At(c.Now()+time.Second, m.name, func() {
		c.lock()
		again := m.retry
		c.unlock()
		if again {
			m.start()
		}
	})
}

// Exit ends this life of the host from any of its goroutines, as log.Fatal ends a
// process: its disk takes nothing more, nothing leaves it, and it crashes at its next
// instant. It returns at once, and only the first call of a life counts. An err that
// wraps [ErrDisk] is no finding, and the host boots again a second later; any other
// is a finding. It is for libraries that end the process when their disk fails, from
// goroutines of their own.
func (h *Host) Exit(err error) {
	h.m.c.lock()
	again := h.exited
	h.exited = true
	h.m.c.unlock()
	switch {
	case again:
	case errors.Is(err, ErrDisk):
		h.m.giveUp(h)
	default:
		h.m.die(h, Ended, fmt.Sprintf("exited: %v", errOr(err, "without an error")), string(debug.Stack()))
	}
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
		m.panicked(m.host, p)
	}
}

// panicked takes note of a panic, which is a finding unless the disk is to blame.
func (m *machine) panicked(h *Host, p any) {
	if err, ok := p.(error); ok && errors.Is(err, ErrDisk) {
		m.giveUp(h)
		return
	}
	m.die(h, Panicked, fmt.Sprintf("panic: %v", p), string(debug.Stack()))
}
