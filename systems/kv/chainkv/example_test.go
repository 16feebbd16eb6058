package chainkv_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/chainkv"
	"github.com/capsize-go/capsize/workloads"
)

// Every node answers reads, and the store is linearizable all the same.
func Example() {
	store := chainkv.Store{}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Register(store.Open),
		Nemesis:  nemesis.Every(5*time.Second, nemesis.Partitions()),
		Duration: 12 * time.Second,
		Seed:     1,
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), test)
	fmt.Println(r.Verdict, err)
	// Output: valid <nil>
}
