// Package owncache is a cache of one's own, of the kind that is written in an hour: a map, a mutex, a TTL. Its test
// shows what an hour leaves out.
package owncache

import (
	"context"
	"sync"
	"time"
)

// A Cache keeps values of type V for as long as TTL.
type Cache[V any] struct {
	TTL time.Duration

	// Guarded has Fetch keep no value that was loaded while its key was deleted.
	Guarded bool

	mu      sync.Mutex
	entries map[string]entry[V]
	deleted map[string]int // how often each key was
}

type entry[V any] struct {
	value V
	until time.Time
}

// Get returns the value of a key, and whether the cache has it.
func (c *Cache[V]) Get(key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	return e.value, ok && time.Now().Before(e.until)
}

// Set keeps a value.
func (c *Cache[V]) Set(key string, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(key, value)
}

func (c *Cache[V]) set(key string, value V) {
	if c.entries == nil {
		c.entries = map[string]entry[V]{}
	}
	c.entries[key] = entry[V]{value, time.Now().Add(c.TTL)}
}

// Delete drops the value of a key, since there is a new one in the database.
func (c *Cache[V]) Delete(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deleted == nil {
		c.deleted = map[string]int{}
	}
	c.deleted[key]++
	delete(c.entries, key)
}

// Fetch returns the value of a key, by load if the cache has none.
func (c *Cache[V]) Fetch(ctx context.Context, key string, load func(context.Context) (V, error)) (V, error) {
	if value, ok := c.Get(key); ok {
		return value, nil
	}
	before := c.deletions(key)
	value, err := load(ctx)
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.Guarded || before == c.deleted[key] {
		c.set(key, value) // here is the bug: without the guard it may be a value from before Delete
	}
	return value, nil
}

func (c *Cache[V]) deletions(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deleted[key]
}
