// Package anycode is an ordinary concurrent package: a bounded cache that loads what it lacks. Two callers that ask for
// one key at a time share a load. It knows nothing of Capsize. Its test shows that the sharing has a gap.
package anycode

import (
	"context"
	"slices"
	"sync"
)

// A Cache holds at most Size values, those that were loaded last.
type Cache[V any] struct {
	Load func(ctx context.Context, key string) (V, error)
	Size int
	// Careful has a load end and its value appear in one step.
	Careful bool

	mu      sync.Mutex
	values  map[string]V
	order   []string // the keys of values, the oldest first
	loading map[string]*load[V]
}

type load[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// Get returns the value of a key. It loads it, or waits for a load that is under way.
func (c *Cache[V]) Get(ctx context.Context, key string) (v V, err error) {
	c.mu.Lock()
	if v, ok := c.values[key]; ok {
		c.mu.Unlock()
		return v, nil
	}
	l, ok := c.loading[key]
	if !ok {
		l = c.begin(key)
		go c.run(context.WithoutCancel(ctx), key, l)
	}
	c.mu.Unlock()
	select {
	case <-l.done:
		return l.value, l.err
	case <-ctx.Done():
		return v, ctx.Err()
	}
}

// begin takes note of a load. The caller has the lock.
func (c *Cache[V]) begin(key string) *load[V] {
	if c.loading == nil {
		c.loading, c.values = map[string]*load[V]{}, map[string]V{}
	}
	l := &load[V]{done: make(chan struct{})}
	c.loading[key] = l
	return l
}

func (c *Cache[V]) run(ctx context.Context, key string, l *load[V]) {
	l.value, l.err = c.Load(ctx, key)
	c.mu.Lock()
	delete(c.loading, key)
	if !c.Careful {
		c.mu.Unlock() // here is the bug: a Get in between finds neither the load nor its value, and loads again
		c.mu.Lock()
	}
	if l.err == nil {
		c.put(key, l.value)
	}
	c.mu.Unlock()
	close(l.done)
}

// put stores a value. The caller has the lock.
func (c *Cache[V]) put(key string, v V) {
	if i := slices.Index(c.order, key); i >= 0 {
		c.order = slices.Delete(c.order, i, i+1)
	}
	c.values[key], c.order = v, append(c.order, key)
	if len(c.order) > c.Size {
		delete(c.values, c.order[0])
		c.order = c.order[1:]
	}
}
