package localcache

import (
	"context"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/capsize-go/capsize/cluster"
)

// Versioned is [Singleflight] with a guard: it keeps a tombstone for each key that was invalidated, with the version that the
// database had then, and rejects older rows of any load. A read that gets such a row loads again.
// It needs versions in the database, and memory for the tombstones.
func Versioned(*cluster.Host) Cache {
	return &versioned{rows: newLRU[Row](), least: map[string]int{}}
}

type versioned struct {
	group singleflight.Group

	mu    sync.Mutex // a row and its tombstone change together
	rows  *lru.Cache[string, Row]
	least map[string]int // the tombstones
}

// Get shares loads, and repeats them until the row is not older than the tombstone.
func (c *versioned) Get(ctx context.Context, key string, load Load) (Row, error) {
	if row, ok := c.rows.Get(key); ok {
		return row, nil
	}
	for {
		row, err := do(&c.group, key, func() (Row, error) { return load(ctx) })
		if err != nil || c.fill(key, row) {
			return row, err
		}
	}
}

// fill takes a row unless there was a newer one.
func (c *versioned) fill(key string, row Row) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if row.Version < c.least[key] {
		return false
	}
	c.rows.Add(key, row)
	return true
}

func (c *versioned) Invalidate(key string, version int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.least[key] = max(c.least[key], version)
	if row, ok := c.rows.Peek(key); ok && row.Version < version {
		c.rows.Remove(key)
	}
}

func (c *versioned) Set(key string, row Row) {
	c.Invalidate(key, row.Version)
	c.fill(key, row)
}

func (c *versioned) Close() {}
