package localcache

import (
	"context"

	"golang.org/x/sync/singleflight"

	"github.com/capsize-go/capsize/cluster"
)

// Singleflight is [LRU] with x/sync/singleflight before its loads. It spares the database, and makes staleness
// worse: a read that begins after a write was acknowledged may join a load from before it.
func Singleflight(*cluster.Host) Cache { return &coalesced{aside: aside{newLRU[Row]()}} }

// Forgetting is [Singleflight] that forgets a load when its key is invalidated, as the documentation of
// singleflight suggests. Later reads do not join the old load, but it still fills the cache when it ends.
func Forgetting(*cluster.Host) Cache { return &coalesced{aside: aside{newLRU[Row]()}, forgets: true} }

type coalesced struct {
	aside
	group   singleflight.Group
	forgets bool
}

// Get shares a load with all reads of the key, and adds its row without any protection.
func (c *coalesced) Get(ctx context.Context, key string, load Load) (Row, error) {
	if row, ok := c.rows.Get(key); ok {
		return row, nil
	}
	return do(&c.group, key, func() (Row, error) {
		row, err := load(ctx)
		if err == nil {
			c.rows.Add(key, row)
		}
		return row, err
	})
}

func (c *coalesced) Invalidate(key string, _ int) {
	c.rows.Remove(key)
	if c.forgets {
		c.group.Forget(key)
	}
}

// do is [singleflight.Group.Do] for rows.
func do(g *singleflight.Group, key string, load func() (Row, error)) (Row, error) {
	v, err, _ := g.Do(key, func() (any, error) { return load() })
	row, _ := v.(Row)
	return row, err
}
