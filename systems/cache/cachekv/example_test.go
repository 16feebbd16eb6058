package cachekv_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/cache/cachekv"
	"github.com/capsize-go/capsize/workloads"
)

// Leases keep late fills out, however slow the links are.
func Example() {
	store := cachekv.Store{Strategy: cachekv.Strategy{Guard: cachekv.Leased}}
	r, err := capsize.Exec(context.Background(), new(testing.T), capsize.Test{
		System:   store,
		Workload: workloads.Copies(store.Open, workloads.CacheLoad{}),
		Nodes:    store.Nodes(),
		Duration: 20 * time.Second,
		Nemesis:  nemesis.At(time.Second, 20*time.Second, nemesis.Latency(10*time.Millisecond, cluster.LongTail)),
		Seed:     1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := freshness.Measure(r.History)
	fmt.Println(r.Verdict, m.Stale, err)
	// Output: valid 0 <nil>
}
