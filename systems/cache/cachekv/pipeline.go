package cachekv

import (
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/rows"
)

// A Pipeline says how the caches of other regions hear that a copy has been replaced. The cache of the region of the
// application server that wrote is told by it.
type Pipeline string

const (
	// Silence tells them nothing: copies live until they expire. The default.
	Silence Pipeline = ""

	// FireAndForget has the database send each cache a message, once.
	FireAndForget Pipeline = "fire-and-forget"

	// AtLeastOnce has the database send it again until it is answered: an outbox. It may reach a cache before the
	// write has reached the replica beside it, from which the next one who misses loads the old version.
	AtLeastOnce Pipeline = "at-least-once"

	// ChangeCapture has the replica of each region tell its cache what it applies, again until it is answered: change data
	// capture, as mcsqueal of Nishtala and others, Scaling Memcache at Facebook (NSDI 2013), §4.1.
	ChangeCapture Pipeline = "change-capture"
)

// resend is how often what was not answered is sent again.
const resend = 100 * time.Millisecond

// An outbox tells caches what has changed.
type outbox struct {
	h     *cluster.Host
	to    []string
	guard Guard
	again bool
	from  bool              // the replica sends it, which has the change
	queue map[string][]drop // what a cache has not answered yet
}

// newOutbox returns the outbox of the database. What it had not been answered in an earlier life it does not know, and
// sends all.
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

// add tells all caches of a change.
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

// tick sends again what was not answered.
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

// heard strikes out what a cache has answered.
func (o *outbox) heard(from string, d dropped) {
	if o != nil {
		o.queue[from] = slices.DeleteFunc(o.queue[from], func(q drop) bool { return q.Key == d.key && q.Version == d.version })
	}
}
