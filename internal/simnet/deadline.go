package simnet

import (
	"sync"
	"time"

	"github.com/capsize-go/capsize/internal/detrt"
)

// A timer runs a function as an event of a host, with the lock held.
type timer struct {
	stop  func() // nil while it is not running
	start uint64 // counts the starts
}

// reset makes the timer run fn after d, and not what it was to run before.
func (t *timer) reset(h *host, d time.Duration, fn func()) {
	t.cancel()
	t.start++
	start := t.start
	t.stop = h.net.wire.After(h.name, d, func() {
		h.net.mu.Lock()
		defer h.net.unlock()
		if t.stop != nil && t.start == start {
			t.stop = nil
			fn()
		}
	})
}

func (t *timer) running() bool { return t.stop != nil }

func (t *timer) cancel() {
	if t.stop != nil {
		t.stop()
		t.stop = nil
	}
}

// A deadline ends calls that wait. Most deadlines are changed before they expire, to later
// ones: that leaves the timer as it is, which checks the deadline when it fires.
type deadline struct {
	host    *host
	wake    *sync.Cond    // of the calls that wait
	at      time.Duration // by now
	own     bool          // at is on the clock of the host
	set     bool
	expired bool
	timer   timer
	due     time.Duration // of the timer
}

// change sets the deadline; the zero time removes it. One that has passed
// ends all calls at once.
func (d *deadline) change(t time.Time) {
	d.set, d.expired = !t.IsZero(), false
	if !d.set {
		return
	}
	n := d.host.net
	was := d.own
	d.at, d.own = t.Sub(n.epoch), false
	if w, ok := n.wire.(ClockWire); ok && detrt.Current() != detrt.World {
		left := detrt.Now().Sub(n.epoch) - n.wire.Now() + time.Until(t) // of the present instant of the wire
		d.at, d.own = w.Monotonic(d.host.name)+left, true
	}
	if d.at <= d.now() {
		d.expire()
	} else if !d.timer.running() || d.due > d.at || d.own != was {
		d.arm()
	}
}

// now returns the present instant on the clock that the deadline is on.
func (d *deadline) now() time.Duration {
	w := d.host.net.wire
	if d.own {
		return w.(ClockWire).Monotonic(d.host.name)
	}
	return w.Now()
}

func (d *deadline) arm() {
	d.due = d.at
	d.timer.reset(d.host, d.at-d.now(), d.fire)
}

func (d *deadline) fire() {
	switch {
	case !d.set || d.expired:
	case d.at <= d.now():
		d.expire()
	default:
		d.arm()
	}
}

func (d *deadline) expire() {
	d.expired = true
	d.host.net.wake(d.wake)
}
