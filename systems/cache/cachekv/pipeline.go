package cachekv

import (
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/rows"
)

// A Pipeline says how a write invalidates the caches of other regions. The application server that writes
// invalidates the cache of its own region.
type Pipeline string

const (
	// NoPipeline does not invalidate them: copies live until they expire. The default.
	NoPipeline Pipeline = ""

	// FireAndForget makes the database send each cache one message.
	FireAndForget Pipeline = "fire-and-forget"

	// AtLeastOnce makes the database repeat the message until it is confirmed: an outbox. It may reach a cache before the
	// write has reached the replica beside it, from which the next reader that misses loads the old version.
	AtLeastOnce Pipeline = "at-least-once"

	// ChangeCapture makes the replica of each region invalidate its cache when it applies a write, and repeat that until it is
	// confirmed: change data capture, as mcsqueal of Nishtala and others, Scaling Memcache at Facebook (NSDI 2013), §4.1.
	ChangeCapture Pipeline = "change-capture"
)

// resend is the interval at which unconfirmed messages are sent again.
const resend = 100 * time.Millisecond

// An outbox sends changes to caches.
type outbox struct {
	h     *cluster.Host
	to    []string
	guard Guard
	again bool
	from  bool              // it is a replica's, which has the change
	queue map[string][]drop // what a cache has not confirmed yet
}

// newOutbox returns the outbox of the database. It sends all changes again, since a crash has lost which of them
// were confirmed.
func newOutbox(h *cluster.Host, s Store, log []rows.Change) *outbox {
	if s.Pipeline != FireAndForget && s.Pipeline != AtLeastOnce {
		return nil
	}
	o := &outbox{h: h, to: s.Caches(), guard: s.Strategy.Guard, again: s.Pipeline == AtLeastOnce, queue: map[string][]drop{}}
	if o.again {
		for _, c := range log {
			o.add(c)
		}
	}
	o.tick()
	return o
}

// newCapture returns the outbox of a replica.
func newCapture(h *cluster.Host, s Store, cache string) *outbox {
	o := &outbox{h: h, to: []string{cache}, guard: s.Strategy.Guard, again: true, from: true, queue: map[string][]drop{}}
	o.tick()
	return o
}

// add sends a change to all caches.
func (o *outbox) add(c rows.Change) {
	if o == nil {
		return
	}
	d := drop{Key: c.Key, Version: c.Version, Guard: o.guard, Applied: o.from, Confirm: o.again}
	for _, to := range o.to {
		o.h.Send(to, d)
		if o.again {
			o.queue[to] = append(o.queue[to], d)
		}
	}
}

// tick sends unconfirmed changes again, at intervals.
func (o *outbox) tick() {
	if !o.again {
		return
	}
	var timer *cluster.Timer
	timer = o.h.AfterFunc(resend, func() {
		timer.Reset(resend)
		for _, to := range o.to {
			for _, d := range o.queue[to] {
				o.h.Send(to, d)
			}
		}
	})
}

// confirmed removes what a cache has confirmed.
func (o *outbox) confirmed(from string, d dropped) {
	if o != nil {
		o.queue[from] = slices.DeleteFunc(o.queue[from], func(q drop) bool { return q.Key == d.key && q.Version == d.version })
	}
}
