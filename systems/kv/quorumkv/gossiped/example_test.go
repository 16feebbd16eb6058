package gossiped_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/systems/kv/quorumkv/gossiped"
	"github.com/capsize-go/capsize/workloads"
)

// Example runs the store as any other system.
func Example() {
	store := gossiped.Store{}
	capsize.Main(func(t *testing.T) int {
		r, err := capsize.Exec(context.Background(), t, capsize.Test{System: store, Workload: workloads.Register(store.Open)})
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println(r.Verdict)
		return 0
	})
}
