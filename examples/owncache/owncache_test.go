package owncache_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/examples/owncache"
	"github.com/capsize-go/capsize/systems/cache/localcache"
	"github.com/capsize-go/capsize/workloads"
)

// own is all that the test has to know of the cache: how it is read through, and what a write calls.
type own struct {
	*owncache.Cache[localcache.Row]
}

func (o own) Get(ctx context.Context, key string, load localcache.Load) (localcache.Row, error) {
	return o.Fetch(ctx, key, load)
}

func (o own) Invalidate(key string, _ int) { o.Delete(key) }
func (o own) Close()                       {}

// test has clients read and write through a server with the cache, before a database that is slow at times.
func test(guarded bool) capsize.Test {
	store := localcache.Store{Cache: func(*cluster.Host) localcache.Cache {
		return own{&owncache.Cache[localcache.Row]{TTL: 2 * time.Second, Guarded: guarded}}
	}}
	return capsize.Test{
		System:   store,
		Workload: workloads.Copies(store.Open, workloads.CacheLoad{Keys: 3, Every: 4, Writes: 20}),
		Nodes:    2, // a database and a server
		Clients:  8,
		Duration: 10 * time.Second,
	}
}

func TestCache(t *testing.T) {
	x := test(false)
	x.Seeds = 10
	x.Expect = checker.Invalid // delete this line to see how the test fails
	capsize.Run(t, x)
}

func TestGuarded(t *testing.T) {
	x := test(true)
	x.Seeds = 3
	if testing.Short() {
		x.Seeds = 1
	}
	capsize.Run(t, x)
}

// TestTTL holds the cache to less: that no client reads what was replaced longer ago than a value is kept, and than a load takes.
func TestTTL(t *testing.T) {
	x := test(false)
	x.Seeds = 3
	if testing.Short() {
		x.Seeds = 1
	}
	x.Workload.Checker = freshness.New(freshness.Promise{Within: 2*time.Second + 400*time.Millisecond})
	capsize.Run(t, x)
}

func TestDeterminism(t *testing.T) {
	if testing.Short() {
		t.Skip("the other tests run the same")
	}
	capsize.CheckDeterminism(t, test(false))
	capsize.CheckDeterminism(t, test(true))
}

// What a run comes to can be counted, too.
func Example() {
	for _, guarded := range []bool{false, true} {
		x := test(guarded)
		x.Seed = 1
		r, err := capsize.Exec(context.Background(), new(testing.T), x)
		if err != nil {
			fmt.Println(err)
			continue
		}
		m, err := freshness.Measure(r.History)
		fmt.Printf("guarded %t: %v, %v, %v\n", guarded, r.Verdict, m, err)
	}
	// Output:
	// guarded false: invalid, 11 of 1,424 reads are stale, by 288.97ms and 1 version at most, <nil>
	// guarded true: valid, 0 of 1,420 reads are stale, <nil>
}
