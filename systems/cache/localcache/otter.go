package localcache

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/capsize-go/capsize/cluster"
)

// Otter is maypok86/otter, which runs the loads itself: when a key is invalidated, it discards the rows of the loads
// that are pending, and later readers do not join them.
func Otter(*cluster.Host) Cache {
	return otterCache{rows: otter.Must(&otter.Options[string, Row]{MaximumSize: size})}
}

// OtterRefresh is [Otter] with refresh-ahead: a row that was loaded or set a while ago is served once more, and
// reloaded in the background. Rows are reloaded one at a time, so that the database is not
// overloaded: the executor is a queue.
func OtterRefresh(*cluster.Host) Cache {
	var p pool
	return otterCache{&p, otter.Must(&otter.Options[string, Row]{
		MaximumSize: size, RefreshCalculator: otter.RefreshWriting[string, Row](refreshAfter),
		Executor: p.do, Logger: &otter.NoopLogger{},
	})}
}

// refreshAfter is the age at which a row is reloaded.
const refreshAfter = time.Second

type otterCache struct {
	pool *pool // nil if the cache starts goroutines as it likes
	rows *otter.Cache[string, Row]
}

func (c otterCache) Get(ctx context.Context, key string, load Load) (Row, error) {
	return c.rows.Get(ctx, key, otter.LoaderFunc[string, Row](func(ctx context.Context, _ string) (Row, error) { return load(ctx) }))
}

func (c otterCache) Invalidate(key string, _ int) { c.rows.Invalidate(key) }
func (c otterCache) Set(key string, row Row)      { c.rows.Set(key, row) }

func (c otterCache) Close() {
	if c.pool != nil {
		c.pool.wait()
	}
	c.rows.StopAllGoroutines()
}
