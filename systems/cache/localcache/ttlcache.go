package localcache

import (
	"context"
	"errors"
	"time"

	"github.com/jellydator/ttlcache/v3"
	"golang.org/x/sync/singleflight"

	"github.com/capsize-go/capsize/cluster"
)

// TTLCache is jellydator/ttlcache with its suppressed loader, which is singleflight: it has the same two
// bugs as [Singleflight]. Rows live longer than a run, so its cleaner is not needed and not started:
// its Stop, called before the goroutine of Start runs, stops nothing, and leaks the goroutine.
func TTLCache(*cluster.Host) Cache {
	return &ttl{rows: ttlcache.New(ttlcache.WithTTL[string, Row](time.Hour), ttlcache.WithCapacity[string, Row](size))}
}

type ttl struct {
	rows  *ttlcache.Cache[string, Row]
	group singleflight.Group
}

// errNoItem is the error of a read that joined a load that failed: the library does not return that load's error.
var errNoItem = errors.New("ttlcache: the load brought nothing")

// Get lets the library load a row that is missing, and returns the error of the load if this read ran it.
func (c *ttl) Get(ctx context.Context, key string, load Load) (Row, error) {
	err := errNoItem
	loader := ttlcache.LoaderFunc[string, Row](func(rows *ttlcache.Cache[string, Row], key string) *ttlcache.Item[string, Row] {
		row, failed := load(ctx)
		if failed != nil {
			err = failed
			return nil
		}
		return rows.Set(key, row, ttlcache.DefaultTTL)
	})
	item := c.rows.Get(key, ttlcache.WithLoader[string, Row](ttlcache.NewSuppressedLoader(loader, &c.group)))
	if item == nil {
		return Row{}, err
	}
	return item.Value(), nil
}

func (c *ttl) Invalidate(key string, _ int) { c.rows.Delete(key) }
func (c *ttl) Set(key string, row Row)      { c.rows.Set(key, row, ttlcache.DefaultTTL) }
func (c *ttl) Close()                       {}
