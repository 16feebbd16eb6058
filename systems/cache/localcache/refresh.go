package localcache

import (
	"context"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/capsize-go/capsize/cluster"
)

// Refresh is refresh-ahead as it is written by hand on golang-lru: a row that is in the cache for a while is
// served once more, and reloaded in the background. The row of a refresh is put into the cache even if a
// write has put a newer row there meanwhile.
func Refresh(h *cluster.Host) Cache { return newRefresh(h, false) }

// GuardedRefresh is [Refresh] that keeps the row of a refresh only if the key was not written to
// since the refresh began.
func GuardedRefresh(h *cluster.Host) Cache { return newRefresh(h, true) }

func newRefresh(h *cluster.Host, guarded bool) Cache {
	return &refresh{clock: h.Clock(), guarded: guarded, rows: newLRU[*entry](), changed: map[string]int{}}
}

type refresh struct {
	clock   cluster.Clock
	guarded bool
	pool    pool

	mu      sync.Mutex
	rows    *lru.Cache[string, *entry]
	changed map[string]int // how often each key was written to: its version here
}

// An entry is a row with the time since when the cache has it.
type entry struct {
	row   Row
	since time.Duration
	asked bool // whether it is being reloaded
}

// Get returns the row that is cached, and reloads it in the background if that is due.
func (c *refresh) Get(ctx context.Context, key string, load Load) (Row, error) {
	e, changed, due := c.look(key)
	switch {
	case e == nil:
		return c.fill(ctx, key, changed, load)
	case due:
		c.pool.do(func() { _, _ = c.fill(ctx, key, changed, load) }) // the row that is there stays if it fails
	}
	return e.row, nil
}

// look returns what the cache has of a key, how often it was written to, and whether a refresh is due.
func (c *refresh) look(key string) (e *entry, changed int, due bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.rows.Get(key)
	if ok && !e.asked && c.clock.Monotonic()-e.since >= refreshAfter {
		e.asked, due = true, true
	}
	return e, c.changed[key], due
}

// fill loads a row and keeps it; if guarded, only if the key was not written to since look.
func (c *refresh) fill(ctx context.Context, key string, changed int, load Load) (Row, error) {
	row, err := load(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		if e, ok := c.rows.Peek(key); ok {
			e.asked = false
		}
	} else if !c.guarded || changed == c.changed[key] {
		c.keep(key, row)
	}
	return row, err
}

func (c *refresh) keep(key string, row Row) {
	c.rows.Add(key, &entry{row: row, since: c.clock.Monotonic()})
}

func (c *refresh) Invalidate(key string, _ int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed[key]++
	c.rows.Remove(key)
}

func (c *refresh) Set(key string, row Row) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed[key]++
	c.keep(key, row)
}

func (c *refresh) Close() { c.pool.wait() }
