package simnet

import (
	"sync"
	"time"
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
	wake    *sync.Cond // of the calls that wait
	at      time.Duration
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
	d.at = t.Sub(n.epoch)
	if d.at <= n.wire.Now() {
		d.expire()
	} else if !d.timer.running() || d.due > d.at {
		d.arm()
	}
}

func (d *deadline) arm() {
	d.due = d.at
	d.timer.reset(d.host, d.at-d.host.net.wire.Now(), d.fire)
}

func (d *deadline) fire() {
	switch {
	case !d.set || d.expired:
	case d.at <= d.host.net.wire.Now():
		d.expire()
	default:
		d.arm()
	}
}

func (d *deadline) expire() {
	d.expired = true
	d.host.net.wake(d.wake)
}
