package localcache_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/cache/localcache"
	"github.com/capsize-go/capsize/workloads"
)

// A shelf is a cache of one's own.
type shelf struct{ rows sync.Map }

func (s *shelf) Get(ctx context.Context, key string, load localcache.Load) (localcache.Row, error) {
	if row, ok := s.rows.Load(key); ok {
		return row.(localcache.Row), nil
	}
	row, err := load(ctx)
	if err == nil {
		s.rows.Store(key, row)
	}
	return row, err
}

func (s *shelf) Invalidate(key string, _ int)       { s.rows.Delete(key) }
func (s *shelf) Set(key string, row localcache.Row) { s.rows.Store(key, row) }
func (s *shelf) Close()                             {}

// A cache of one's own takes part by five methods.
func Example() {
	store := localcache.Store{Cache: func(*cluster.Host) localcache.Cache { return new(shelf) }}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Copies(store.Open, workloads.CacheLoad{Every: 4, Writes: 40}),
		Nodes:    2,
		Clients:  8,
		Seed:     1,
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), test)
	fmt.Println(r.Verdict, err)
	fmt.Println(r.Counterexample.Reason)
	// Output:
	// invalid <nil>
	// process 2 read v5 on k0, though v6 had been acknowledged to process 0 163.65ms before; it had loaded that before the write, and filled it in after
}
