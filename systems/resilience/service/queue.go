package service

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Queue says what a service does with requests that no worker is free for. By default it keeps them all, and serves them in the order of their arrival.
type Queue struct {
	Bound int  // requests that wait, at most; it refuses the others. 0: no bound
	Last  bool // it serves the last that came first (LIFO)
	Drop  Drop // which requests it does not begin with
}

// A Drop says which requests a service refuses when their turn has come. It goes by the deadline of the client's attempt, which
// is known if the callers propagate deadlines ([System.Propagate]).
type Drop string

const (
	DropNone    Drop = ""        // it serves all
	DropExpired Drop = "expired" // those whose deadline has passed
	DropLate    Drop = "late"    // those whose deadline passes before they can have been served
)

// Reasons of a refusal.
var (
	errFull = errors.New("the queue is full")
	errLate = errors.New("the deadline is too near")
	errDown = errors.New("the service stops")
)

// A pool is the workers of a service, and its queue.
type pool struct {
	h       *cluster.Host
	service Service
	name    string // of the resource

	mu      sync.Mutex
	busy    int
	waiting []*place // in the order of arrival
}

// A place is that of a request in the queue.
type place struct {
	deadline time.Duration
	turn     chan turn
}

// A turn is the answer to a request that waits: that it has a worker, or why it is refused. It acts on that a little later: at the same instant the
// request that had the worker is answered, and which of the two goes first would be chance.
type turn struct {
	err   error
	later time.Duration
}

func newPool(h *cluster.Host, s Service) *pool {
	return &pool{h: h, service: s, name: h.Name() + "/workers"}
}

// acquire waits for a worker, and returns the span in which the request holds it. Like a server that has accepted a connection, it does not
// notice that the client went away. The wait ends with ctx, which is the host's life.
func (p *pool) acquire(ctx, request context.Context) (hold *cluster.Span, err error) {
	if p.service.Workers == 0 {
		return nil, nil
	}
	at, err := p.enter(web.Of(request).Deadline)
	if at != nil {
		err = p.h.Do(request, web.In(request, "wait", p.name), func(context.Context) (any, error) {
			select {
			case t := <-at.turn:
				return nil, cmp.Or(p.h.Sleep(t.later), t.err)
			case <-ctx.Done():
				return nil, errDown
			}
		})
	}
	if err != nil {
		return nil, err
	}
	return p.h.Begin(web.In(request, "hold", p.name)), nil
}

// enter takes a free worker, or a place in the queue, or returns why there is none.
func (p *pool) enter(deadline time.Duration) (*place, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.busy < p.service.Workers:
		if err := p.late(deadline); err != nil {
			return nil, err
		}
		p.busy++
		return nil, nil
	case p.service.Queue.Bound > 0 && len(p.waiting) >= p.service.Queue.Bound:
		return nil, cluster.Failed(errFull)
	}
	at := &place{deadline, make(chan turn, 1)}
	p.waiting = append(p.waiting, at)
	return at, nil
}

// release frees the worker that a request holds, who takes the next request of the queue.
func (p *pool) release(hold *cluster.Span) {
	if hold == nil {
		return
	}
	hold.End(nil, nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := time.Duration(1); len(p.waiting) > 0; n++ {
		at := p.next()
		err := p.late(at.deadline)
		at.turn <- turn{err, n * time.Microsecond}
		if err == nil {
			return
		}
	}
	p.busy--
}

// next takes a request from the queue.
func (p *pool) next() *place {
	i := 0
	if p.service.Queue.Last {
		i = len(p.waiting) - 1
	}
	at := p.waiting[i]
	p.waiting = slices.Delete(p.waiting, i, i+1)
	return at
}

// late returns an error if a request of that deadline is not worth to begin with.
func (p *pool) late(deadline time.Duration) error {
	left := deadline - p.h.Clock().Monotonic()
	if deadline > 0 && (p.service.Queue.Drop == DropExpired && left <= 0 || p.service.Queue.Drop == DropLate && left < p.service.Time) {
		return cluster.Failed(errLate)
	}
	return nil
}
