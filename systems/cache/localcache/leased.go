package localcache

import (
	"context"
	"fmt"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/capsize-go/capsize/cluster"
)

// Leased is [Singleflight] with a guard that needs no versions: the leases of Nishtala and others, in one
// process. A reader that misses gets the current lease of the key, which each write replaces. Only a reader with the current
// lease fills the cache, and only readers with the same lease share a load.
func Leased(*cluster.Host) Cache {
	return &leased{rows: newLRU[Row](), lease: map[string]int{}}
}

type leased struct {
	group singleflight.Group

	mu    sync.Mutex // a row and its lease change together
	rows  *lru.Cache[string, Row]
	lease map[string]int
}

// Get shares a load with readers that have the same lease, and fills the cache if that is still current.
func (c *leased) Get(ctx context.Context, key string, load Load) (Row, error) {
	row, lease, ok := c.look(key)
	if ok {
		return row, nil
	}
	return do(&c.group, fmt.Sprintf("%s under lease %d", key, lease), func() (Row, error) {
		row, err := load(ctx)
		if err == nil {
			c.fill(key, row, lease)
		}
		return row, err
	})
}

func (c *leased) look(key string) (row Row, lease int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	row, ok = c.rows.Get(key)
	return row, c.lease[key], ok
}

func (c *leased) fill(key string, row Row, lease int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if lease == c.lease[key] {
		c.rows.Add(key, row)
	}
}

func (c *leased) Invalidate(key string, _ int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lease[key]++
	c.rows.Remove(key)
}

func (c *leased) Set(key string, row Row) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lease[key]++
	c.rows.Add(key, row)
}

func (c *leased) Close() {}
