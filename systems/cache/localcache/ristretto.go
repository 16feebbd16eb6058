package localcache

import (
	"context"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/capsize-go/capsize/cluster"
)

// Ristretto is dgraph-io/ristretto in the use of [LRU], with the same bug. It applies a Set some time
// later; Wait waits for that, so that the next read finds the row.
func Ristretto(*cluster.Host) Cache {
	c, err := ristretto.NewCache(&ristretto.Config[string, Row]{
		NumCounters: 10 * size, MaxCost: size, BufferItems: 64, IgnoreInternalCost: true,
	})
	if err != nil {
		panic(err) // none of the numbers is 0
	}
	return ristrettoCache{c}
}

type ristrettoCache struct{ rows *ristretto.Cache[string, Row] }

// Get loads and adds a row that is missing, without any protection.
func (c ristrettoCache) Get(ctx context.Context, key string, load Load) (Row, error) {
	if row, ok := c.rows.Get(key); ok {
		return row, nil
	}
	row, err := load(ctx)
	if err == nil {
		c.Set(key, row)
	}
	return row, err
}

func (c ristrettoCache) Set(key string, row Row) {
	c.rows.Set(key, row, 1)
	c.rows.Wait()
}

func (c ristrettoCache) Invalidate(key string, _ int) { c.rows.Del(key) }
func (c ristrettoCache) Close()                       { c.rows.Close() }
