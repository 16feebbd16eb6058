package localcache

import (
	"context"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/capsize-go/capsize/cluster"
)

// LRU is hashicorp/golang-lru in its usual use: get, load if the row is missing, add. Nothing
// prevents a load from adding a row that a write has replaced meanwhile.
func LRU(*cluster.Host) Cache { return aside{newLRU[Row]()} }

type aside struct{ rows *lru.Cache[string, Row] }

func newLRU[V any]() *lru.Cache[string, V] {
	c, err := lru.New[string, V](size)
	if err != nil {
		panic(err) // the size is positive
	}
	return c
}

// Get loads and adds a row that is missing, without any protection.
func (c aside) Get(ctx context.Context, key string, load Load) (Row, error) {
	if row, ok := c.rows.Get(key); ok {
		return row, nil
	}
	row, err := load(ctx)
	if err == nil {
		c.rows.Add(key, row)
	}
	return row, err
}

func (c aside) Invalidate(key string, _ int) { c.rows.Remove(key) }
func (c aside) Set(key string, row Row)      { c.rows.Add(key, row) }
func (c aside) Close()                       {}
