package cluster

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/agenda"
	"github.com/capsize-go/capsize/internal/detrt"
)

// forever is an instant that never comes.
const forever = time.Duration(1<<63 - 1)

// A loop runs events in the order of their instants, each exactly when it is due. One goroutine sleeps from event to event; an
// event that is scheduled before the instant it sleeps to is run by a timer of its own.
//
// The bubble's clock moves only by such sleeps, and each costs more than most events do. A cluster whose nodes are event-driven
// may let that clock fall behind its own by lag: then the loop sleeps only when lag is used up. Virtual time is still exact for
// all code that reads it from the cluster.
type loop struct {
	start time.Time
	lag   time.Duration
	wait  func() // returns when every other goroutine of the bubble is blocked

	mu       sync.Mutex // guards the cluster; held for short, and never while user code runs
	agenda   agenda.Agenda[*event]
	free     []*event
	asleep   time.Duration // the instant the goroutine sleeps to; 0 while it is awake
	running  bool          // some goroutine is running events
	idle     sync.Cond     // signals that it has stopped
	stopped  bool
	kick     chan struct{}
	done     chan struct{} // closed when the goroutine has ended
	last     atomic.Int64  // the instant of the last event
	inEvent  atomic.Bool   // an event is running, so time stands at its instant
	woke     atomic.Bool   // the last event may have woken a goroutine
	executed atomic.Uint64
}

func newLoop(lag time.Duration, wait func()) *loop {
	l := &loop{start: detrt.Now(), lag: lag, wait: wait, kick: make(chan struct{}, 1), done: make(chan struct{})}
	l.idle.L = &l.mu
	l.agenda.Stale = l.dropStopped
	return l
}

// now returns the virtual time: the instant of the event that is running, or of the last one, unless the bubble's clock has
// passed that.
func (l *loop) now() time.Duration {
	last := time.Duration(l.last.Load())
	if l.inEvent.Load() {
		return last
	}
	return max(last, l.passed())
}

// passed returns how much time of the bubble has passed, whatever the clock of the host says that asks.
func (l *loop) passed() time.Duration { return detrt.Since(l.start) }

// push schedules ev.
func (l *loop) push(at time.Duration, ev *event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pushLocked(at, ev)
}

// pushLocked schedules ev with the loop locked. It makes a timer for an event that is due before the instant to which the
// loop's goroutine sleeps, and wakes that if it has no event.
func (l *loop) pushLocked(at time.Duration, ev *event) {
	if l.stopped {
		return
	}
	l.agenda.Add(at, ev)
	if at < l.asleep {
		was := detrt.World.Enter() // the timer is to outlive the host
		time.AfterFunc(at-l.passed(), l.catchUp)
		was.Enter()
	}
	if l.asleep == forever {
		select {
		case l.kick <- struct{}{}:
		default:
		}
	}
}

// newEvent returns an event to fill in, a recycled one if there is one.
func (l *loop) newEvent() *event {
	if n := len(l.free); n > 0 {
		e := l.free[n-1]
		l.free = l.free[:n-1]
		return e
	}
	return new(event)
}

// recycle takes back an event that is no longer referenced.
func (l *loop) recycle(e *event) {
	*e = event{}
	l.free = append(l.free, e)
}

// dropStopped recycles an event whose timer was stopped, and reports whether it was.
func (l *loop) dropStopped(e *event) (off bool) {
	if off = e.off; off {
		l.recycle(e)
	}
	return off
}

// wakes records that the running event wakes a goroutine. The next event then waits until all goroutines are blocked again.
func (l *loop) wakes() { l.woke.Store(true) }

// run is the goroutine of the loop.
func (l *loop) run() {
	defer close(l.done)
	l.wait() // for the goroutine that started it: the loop would run ahead of what it schedules
	for {
		next, ok := l.step()
		if !ok {
			return
		}
		if next == forever {
			<-l.kick
		} else {
			time.Sleep(next - l.passed())
		}
		l.mu.Lock()
		l.asleep = 0
		l.mu.Unlock()
	}
}

// step runs all that is due until lag ahead of the bubble's clock. It returns the instant of the next event, to which the
// goroutine of the loop is to sleep, and whether the loop continues.
func (l *loop) step() (next time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.running {
		l.idle.Wait()
	}
	l.runDue(l.lag)
	next = forever
	if at, ok := l.agenda.Next(); ok {
		next = at
	}
	l.asleep = next
	return next, !l.stopped
}

// catchUp runs all that is due while the goroutine of the loop sleeps, unless another timer's goroutine does so already. It
// need not wake that goroutine: an event that is scheduled before the instant to which it sleeps has a timer of its own.
func (l *loop) catchUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.running {
		l.runDue(0)
		l.idle.Broadcast()
	}
}

// runDue runs the events that are due until ahead of the bubble's clock, and waits before each until the goroutines that the
// last one woke are blocked. It is called with the loop locked, and unlocks it while an event runs.
func (l *loop) runDue(ahead time.Duration) {
	l.running = true
	var as actor
	defer func() {
		l.running = false
		as.become(actor{})
	}()
	now := l.passed()
	if l.lag == 0 {
		// A goroutine that sleeps by package time may have woken in this very instant: it goes first, always.
		l.woke.Store(true)
	}
	for !l.stopped {
		if l.woke.Swap(false) {
			l.mu.Unlock()
			as.become(actor{})
			l.wait()
			l.mu.Lock()
			continue
		}
		at, ok := l.agenda.Next()
		if !ok || at > now+ahead {
			return
		}
		e := l.agenda.Take()
		l.last.Store(max(int64(at), l.last.Load()))
		if !e.admit(at) {
			continue
		}
		l.inEvent.Store(true)
		l.executed.Add(1)
		next := e.actor()
		l.mu.Unlock()
		as.become(next)
		e.run()
		if l.lag == 0 { // a handler may have started a goroutine
			l.woke.Store(true)
		}
		l.mu.Lock()
		l.inEvent.Store(false)
		l.recycle(e)
	}
}

// stop ends the loop: no event runs afterwards. Time passes until its goroutine has woken and ended, since a sleep can't be cut
// short.
func (l *loop) stop() {
	l.mu.Lock()
	l.stopped = true
	l.agenda.Clear()
	l.mu.Unlock()
	select {
	case l.kick <- struct{}{}:
	default:
	}
	<-l.done
}
