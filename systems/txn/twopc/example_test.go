package twopc_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/txn/twopc"
	"github.com/capsize-go/capsize/workloads"
)

// Transactions are strictly serializable while nodes crash.
func Example() {
	store := twopc.Store{}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Append(store.Open, txn.StrictSerializable, workloads.TxnMix{}),
		Nemesis:  nemesis.Every(5*time.Second, nemesis.Crashes()),
		Duration: 12 * time.Second,
		Seed:     1,
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), test)
	fmt.Println(r.Verdict, err)
	// Output: valid <nil>
}
