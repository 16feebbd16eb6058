// Package lease has a counter that clients increment under a lock with a lease. A client that is paused while it has the lock
// wakes up when another one has it, and overwrites what that one wrote, unless the store refuses writes with an old token: Kleppmann,
// How to do distributed locking, 2016.
package lease

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Protection is what keeps two holders of the lock from overwriting each other's writes.
type Protection string

const (
	// Unfenced is nothing: the lock alone.
	Unfenced Protection = "none"
	// Checked has the client look before it writes whether the lease still lasts.
	Checked Protection = "check"
	// Fenced has the store refuse a write whose token is older than one that it has seen.
	Fenced Protection = "fencing"
	// Swapped takes no lock: the store writes only if the value is the one that the client has read.
	Swapped Protection = "compare-and-swap"
)

// A Service is a lock on n1 and a store on n2. The history has each tenure of the lock as a hold of "lock", as the client believes to have
// it. A write that replaces a value which the client had not read is counted as the mark "lost updates".
type Service struct {
	Protection Protection    // default [Unfenced]
	Lease      time.Duration // how long the lock belongs to a client that does not give it back; default 500ms
	Work       time.Duration // of a client when it has read the counter; default 50ms
	Send       time.Duration // from then until what it writes has left it; default 10ms
}

// HolderRole is the role of a client that has the lock, for a nemesis whose faults are to hit it alone.
const HolderRole = "lock holder"

// Nodes is how many nodes the service needs.
func (Service) Nodes() int { return 2 }

func (s Service) withDefaults() Service {
	if s.Protection == "" {
		s.Protection = Unfenced
	}
	if s.Lease == 0 {
		s.Lease = 500 * time.Millisecond
	}
	if s.Work == 0 {
		s.Work = 50 * time.Millisecond
	}
	if s.Send == 0 {
		s.Send = 10 * time.Millisecond
	}
	return s
}

// What clients ask the lock and the store.
type (
	acquire struct{}
	release struct{ token int }
	read    struct{}
	write   struct{ value, read, token int }
)

// A refusal is the answer to what is not done.
type refusal string

// Run runs one node.
func (s Service) Run(ctx context.Context, h *cluster.Host) error {
	s = s.withDefaults()
	switch h.Name() {
	case "n1":
		h.Handle(s.locker(h))
	case "n2":
		h.Handle(s.store(h))
	}
	<-ctx.Done()
	return nil
}

// locker returns the handler of the lock. Each time that a client gets it, the token grows.
func (s Service) locker(h *cluster.Host) func(cluster.Message) {
	token, until := 0, time.Duration(0)
	return func(m cluster.Message) {
		now := h.Clock().Monotonic()
		switch ask := m.Body.(type) {
		case acquire:
			if now < until {
				m.Reply(refusal("the lock is taken"))
				return
			}
			token++
			until = now + s.Lease
			m.Reply(token)
		case release:
			if ask.token == token {
				until = 0
			}
			m.Reply(ask.token)
		}
	}
}

// store returns the handler of the store.
func (s Service) store(h *cluster.Host) func(cluster.Message) {
	value, seen := 0, 0
	return func(m cluster.Message) {
		switch ask := m.Body.(type) {
		case read:
			m.Reply(value)
		case write:
			switch {
			case s.Protection == Fenced && ask.token < seen:
				m.Reply(refusal("the token is old"))
				return
			case s.Protection == Swapped && ask.read != value:
				m.Reply(refusal("the value has changed"))
				return
			case ask.read != value:
				h.Count("lost updates")
			}
			value, seen = ask.value, max(seen, ask.token)
			m.Reply(value)
		}
	}
}
