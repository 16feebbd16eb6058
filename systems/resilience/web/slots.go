package web

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// HandOver is how long it takes from a release until the request that waits has what was released. So who released it has gone on by
// then, and a run repeats.
const HandOver = time.Microsecond

// Slots are places, as the workers of a service, of which each is taken by one at a time. Who waits gets one in the order of arrival.
type Slots struct {
	h *cluster.Host

	mu    sync.Mutex
	free  int
	queue []*slot
}

// A slot is what a request waits for.
type slot struct {
	got   chan struct{} // closed when it is there
	given bool
}

// NewSlots returns n slots of a host.
func NewSlots(h *cluster.Host, n int) *Slots { return &Slots{h: h, free: n} }

// Acquire takes a slot, and waits for one until ctx is done. The error is that of ctx.
func (s *Slots) Acquire(ctx context.Context) error {
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return nil
	}
	mine := &slot{got: make(chan struct{})}
	s.queue = append(s.queue, mine)
	s.mu.Unlock()
	select {
	case <-mine.got:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	given := mine.given
	s.queue = slices.DeleteFunc(s.queue, func(x *slot) bool { return x == mine })
	s.mu.Unlock()
	if given {
		s.Release()
	}
	return ctx.Err()
}

// Release gives a slot back.
func (s *Slots) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		s.free++
		return
	}
	next := s.queue[0]
	s.queue = s.queue[1:]
	next.given = true
	s.h.AfterFunc(HandOver, func() { close(next.got) })
}
