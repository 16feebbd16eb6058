package psi_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/txn/psi"
	"github.com/capsize-go/capsize/workloads"
)

// Sites commit on their own while the network is cut, and keep parallel snapshot isolation; without a look at conflicts they do not.
func Example() {
	for _, bug := range []psi.Bug{0, psi.NoConflictCheck} {
		store := psi.Store{Bugs: bug}
		test := capsize.Test{
			System:   store,
			Workload: workloads.Append(store.Open, txn.ParallelSnapshotIsolation, workloads.TxnMix{}),
			Nemesis:  nemesis.Every(5*time.Second, nemesis.Partitions()),
			Duration: 8 * time.Second,
			Seed:     1,
		}
		r, err := capsize.Exec(context.Background(), new(testing.T), test)
		fmt.Println(bug, r.Verdict, err)
	}
	// Output:
	// none valid <nil>
	// no-conflict-check invalid <nil>
}
