package balance

import (
	"context"
	"slices"
	"sync"
)

// A queue is the workers of a backend, and the requests that wait for one, in the order in which they came.
type queue struct {
	mu      sync.Mutex
	free    int
	waiting []chan struct{}
}

// acquire waits for a worker, or until ctx is done.
func (q *queue) acquire(ctx context.Context) error {
	q.mu.Lock()
	if q.free > 0 {
		q.free--
		q.mu.Unlock()
		return nil
	}
	turn := make(chan struct{}, 1)
	q.waiting = append(q.waiting, turn)
	q.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	i := slices.Index(q.waiting, turn)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	q.mu.Unlock()
	if i < 0 { // its turn came at the same instant
		q.release()
	}
	return ctx.Err()
}

// release gives a worker back, to the request that has waited longest.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.free++
		return
	}
	q.waiting[0] <- struct{}{}
	q.waiting = q.waiting[1:]
}
