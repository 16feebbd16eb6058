package quorumkv_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/quorumkv"
	"github.com/capsize-go/capsize/workloads"
)

// Example tests that no acknowledged write is lost while the network is cut, and that all
// replicas agree in the end.
func Example() {
	store := quorumkv.Store{}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Versions(store.Open),
		Nemesis:  nemesis.Every(5*time.Second, nemesis.Partitions()),
		Duration: 12 * time.Second,
		Seed:     1,
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), test)
	fmt.Println(r.Verdict, err)
	// Output: valid <nil>
}
