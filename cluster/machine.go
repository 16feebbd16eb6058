package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/effect"
	"github.com/capsize-go/capsize/cluster/internal/nameservice"
	"github.com/capsize-go/capsize/cluster/internal/oscillator"
	"github.com/capsize-go/capsize/cluster/internal/runhash"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/hostrt"
	"github.com/capsize-go/capsize/internal/keyed"
)

// A machine is what a [Host] runs on. It outlives crashes; a Host lives until the next crash.
//
// It has many methods because a crash, a pause, a wrong clock and a failing disk are all of one machine, and each is a few lines.
type machine struct {
	c     *Cluster
	id    int
	name  string
	node  string // the node that a client is bound to
	ip    net.IP
	phase time.Duration
	key   keyed.Key
	links []link // to every machine, by id

	up          bool
	dying       bool            // it crashes in this instant: its connections may still send resets
	life        uint32          // counts the starts
	died        []time.Duration // when each life ended
	host        *Host           // of the present life
	handler     func(Message)
	cancel      context.CancelFunc
	role        string
	term        uint64        // see SetTerm
	busy        time.Duration // until then the machine does nothing: it waits for its disk
	postponedTo time.Duration // the last instant that was given to a postponed event
	disk        disk

	restarts bool // it stopped because of its disk, and restarts by itself
	damaged  bool // its disk broke a promise

	pauses         []*pause      // one for each fault that pauses the machine
	pausedTotal    time.Duration // how long it was paused in all, without the present pause
	pausedSince    time.Duration // when the present pause began
	busyAfterPause time.Duration // until then it is busy after the pause
	held           []*event      // that came during the pause
	unsent         []*event      // that leave when it is resumed
	slowdowns      []slowdown    // one for each fault that slows it
	workTime       time.Duration // how long the machine takes for each event under them
	clock          atomic.Pointer[oscillator.Clock]
	crashedBy      *effect.Tally // of the fault that crashed it last

	program    *hostrt.Machine // as the present life sees this; nil: no program runs
	labels     context.Context // bears the profiler labels of the goroutines that run code of the host
	goroutines detrt.Host      // those of the present life
	stopped    bool            // they are held: the machine is paused
	readings   uint64          // of package time that have been counted as effects

	nameFaults []*nameservice.Fault // one for each fault of its lookups
	degraded   []*degraded          // one for each fault of its service
}

// align returns the first instant from t on that is one of the machine's own.
func (m *machine) align(t time.Duration) time.Duration {
	d := t - t%time.Microsecond + m.phase
	if d < t {
		d += time.Microsecond
	}
	return d
}

// postpone schedules e again for when the machine is free. Postponed events keep their order.
func (m *machine) postpone(e *event) {
	if m.paused() {
		m.held = append(m.held, e)
		m.pauses[0].by.Add(effect.Held, 1)
		return
	}
	m.postponedTo = max(m.align(m.busy), m.postponedTo+time.Microsecond)
	m.c.loop.pushLocked(m.postponedTo, e)
}

// start boots the machine: a new life, with what is durable on its disk.
func (m *machine) start() {
	c := m.c
	c.lock()
	if m.up || c.stopping {
		c.unlock()
		return
	}
	ctx, cancel := context.WithCancel(m.labels)
	m.up, m.cancel, m.busy = true, cancel, 0
	if m.paused() {
		m.busy, m.busyAfterPause = forever, 0
	}
	m.life++
	m.host = newHost(m)
	m.bear()
	c.note(c.Now(), m, nil, kindFunc, runhash.Boot)
	if m.term = 0; m.life > 1 {
		m.event(trace.Restart, "", "")
	}
	c.trigger(Boot)
	h, sys := m.host, c.cfg.System
	c.unlock()
	if m.id < c.cfg.Nodes && sys != nil {
		was := m.goroutines.Enter()
		go m.live(ctx, h, sys)
		was.Enter()
	}
	m.holdOrResume()
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
		m.stopAndRestart(h)
	} else if ctx.Err() == nil {
		m.die(h, Ended, fmt.Sprintf("Run returned before its context ended: %v", errOr(err, "without an error")), "")
	}
}

func errOr(err error, otherwise string) string {
	if err == nil {
		return otherwise
	}
	return err.Error()
}

// crashBy crashes the machine. The effects are attributed to by; nil for no fault. Its peers get resets unless the crash is
// silent.
func (m *machine) crashBy(by *effect.Tally, silent bool) {
	c := m.c
	c.lock()
	m.restarts = false
	if !m.up {
		c.unlock()
		return
	}
	now := c.Now()
	c.note(now, m, nil, kindFunc, runhash.Crash)
	m.up, m.dying, m.handler, m.role, m.crashedBy = false, !silent, nil, "", by
	m.died = append(m.died, now)
	if !c.stopping {
		c.stats.Crashes++
		by.Add(effect.Crash, 1)
	}
	lost := m.disk.crash(now, int64(m.life))
	c.stats.BytesLost += lost
	by.Add(effect.BytesLost, lost)
	if c.rec != nil && !c.stopping {
		m.event(trace.Crash, "lost "+strconv.FormatInt(lost, 10)+" bytes", by.Title())
	}
	if m.paused() {
		m.resume()
	}
	killed := m.kill()
	if m.program != nil {
		m.busy = 0 // what the system says for a program that is gone waits for nothing
	}
	c.unlock()
	m.host.endSpans()
	c.net.Crash(m.name)
	c.lock()
	m.dying = false
	c.unlock()
	m.host.ctx.End(context.Canceled)
	if m.program != nil {
		m.program.End()
	} else if !killed {
		m.cancel()
	}
}

// die records a finding, that user code ended a life by itself, and crashes the machine. It does nothing if the host has crashed
// before.
func (m *machine) die(h *Host, kind FindingKind, what, stack string) {
	if h.gone() {
		return
	}
	if m.disk.failed { // a program can't say that it stops because of its disk
		m.stopAndRestart(h)
		return
	}
	m.c.addFinding(Finding{Kind: kind, Host: m.name, What: what, Stack: stack})
	m.blockUntilCrash()
	m.c.atOwn(m.c.Now(), m, func() { m.crashBy(nil, false) })
}

// blockUntilCrash keeps the machine busy until its crash, which is due in this instant: other events of the instant may come
// before it.
func (m *machine) blockUntilCrash() {
	m.c.lock()
	defer m.c.unlock()
	m.occupy(m.ready() + 2*time.Microsecond)
}

// stopAndRestart ends a life that user code ends because its disk fails. The machine restarts a second later, unless a fault has
// crashed it meanwhile.
func (m *machine) stopAndRestart(h *Host) {
	c := m.c
	if h.gone() {
		return
	}
	m.blockUntilCrash()
	c.atOwn(c.Now(), m, func() {
		m.crashBy(nil, false)
		c.lock()
		m.restarts = true
		c.unlock()
	})
	c.atOwn(c.Now()+time.Second, m, func() {
		c.lock()
		again := m.restarts
		c.unlock()
		if again {
			m.start()
		}
	})
}

// Exit ends this life of the host from any of its goroutines, as log.Fatal ends a process: its disk takes nothing more, nothing
// leaves it, and it crashes at its next instant. It returns at once, and only the first call of a life counts. An err that wraps
// [ErrDisk] is no finding, and the host restarts a second later; any other is a finding. It is for libraries that end the process
// when their disk fails, from goroutines of their own.
func (h *Host) Exit(err error) {
	h.m.c.lock()
	again := h.exited
	h.exited = true
	h.m.c.unlock()
	switch {
	case again:
	case errors.Is(err, ErrDisk):
		h.m.stopAndRestart(h)
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

// panicked records a panic as a finding, unless its cause is the disk.
func (m *machine) panicked(h *Host, p any) {
	if err, ok := p.(error); ok && errors.Is(err, ErrDisk) {
		m.stopAndRestart(h)
		return
	}
	m.die(h, Panicked, fmt.Sprintf("panic: %v", p), string(debug.Stack()))
}
