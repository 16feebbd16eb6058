// Package fencing is a counter that clients increment under a lock with a lease. A client
// that is paused while it holds the lock wakes up when another has it, and overwrites
// what that one wrote, unless the store refuses writes with an old token: Kleppmann, How to
// do distributed locking, 2016.
package fencing

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/workloads"
)

// Lease is how long the lock belongs to a client that does not give it back.
const Lease = 500 * time.Millisecond

// work is how long a client takes from reading the counter to writing it.
const work = 50 * time.Millisecond

// A Service is a lock on node n1 and a store on node n2.
type Service struct {
	Fencing bool // the store refuses a write whose token is older than one that it has seen
}

// What clients ask the lock and the store.
type (
	acquire struct{}
	release struct{ token int }
	read    struct{}
	write   struct{ value, token int }
)

// A refusal is the answer to what is not done.
type refusal string

// Run runs one node.
func (s Service) Run(ctx context.Context, h *cluster.Host) error {
	switch h.Name() {
	case "n1":
		h.Handle(locker(h))
	case "n2":
		h.Handle(s.store(h))
	}
	<-ctx.Done()
	return nil
}

// locker returns the handler of the lock. Each time that a client gets it, the token grows.
func locker(h *cluster.Host) func(cluster.Message) {
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
			until = now + Lease
			h.Log().Debug("lock granted", "to", m.From, "token", token)
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
			if ask.token < seen && s.Fencing {
				h.Log().Warn("write refused", "of", m.From, "token", ask.token, "seen", seen)
				m.Reply(refusal("the token is old"))
				return
			}
			if ask.token < seen {
				h.Log().Warn("write with an old token", "of", m.From, "token", ask.token, "seen", seen)
			}
			value, seen = ask.value, max(seen, ask.token)
			m.Reply(value)
		}
	}
}

// A Client increments the counter.
type Client struct{ h *cluster.Host }

// Open returns a client on a host.
func (s Service) Open(_ context.Context, h *cluster.Host) (Client, error) { return Client{h}, nil }

// Close has nothing to close.
func (c Client) Close() error { return nil }

// Increment adds one under the lock, and returns the value before.
func (c Client) Increment(ctx context.Context) (before int, err error) {
	token, err := c.ask(ctx, "n1", acquire{})
	if err != nil {
		return 0, fmt.Errorf("%w: %w", workloads.ErrFail, err) // nothing was written
	}
	got := c.h.Clock().Monotonic()
	if before, err = c.ask(ctx, "n2", read{}); err != nil {
		return 0, fmt.Errorf("%w: %w", workloads.ErrFail, err)
	}
	if c.h.Clock().Monotonic()-got > Lease/2 {
		return 0, fmt.Errorf("%w: too little of the lease is left", workloads.ErrFail)
	}
	// The check above is right, and does not help: the pause comes after it.
	if err := c.h.Sleep(work); err != nil {
		return 0, err
	}
	if _, err = c.ask(ctx, "n2", write{before + 1, token}); err != nil {
		return 0, err
	}
	_, _ = c.ask(ctx, "n1", release{token}) // the lease ends by itself if this is lost
	return before, nil
}

// ask asks a node for a number. A refusal is an error that says that nothing happened.
func (c Client) ask(ctx context.Context, node string, question any) (int, error) {
	answer, err := c.h.Call(ctx, node, question)
	if err != nil {
		return 0, err
	}
	if why, refused := answer.(refusal); refused {
		return 0, fmt.Errorf("%w: %s", workloads.ErrFail, why)
	}
	return answer.(int), nil
}

// Workload has clients increment the counter. No two may find it at the same value.
func Workload(s Service) workloads.Workload {
	return workloads.New(workloads.Spec[Client, struct{}, int]{
		Name:   "increments",
		Open:   s.Open,
		Next:   func(workloads.Turn[struct{}, int]) struct{} { return struct{}{} },
		Invoke: func(ctx context.Context, c Client, _ struct{}) (int, error) { return c.Increment(ctx) },
		Checker: linearizable.New(model.Model[int, struct{}, int]{
			Name: "increments",
			Step: func(value int, _ struct{}, before int) (int, bool) { return value + 1, before == value },
		}),
	})
}
