package calvin_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/txn/calvin"
	"github.com/capsize-go/capsize/workloads"
)

// Transactions are strictly serializable while the network is cut; with reads that skip the log they are not.
func Example() {
	for _, bug := range []calvin.Bug{0, calvin.LocalReads} {
		store := calvin.Store{Bugs: bug}
		test := capsize.Test{
			System:   store,
			Workload: workloads.Append(store.Open, txn.StrictSerializable, workloads.TxnMix{}),
			Nemesis:  nemesis.Every(5*time.Second, nemesis.Partitions()),
			Duration: 8 * time.Second,
			Seed:     1,
		}
		r, err := capsize.Exec(context.Background(), new(testing.T), test)
		fmt.Println(bug, r.Verdict, err)
	}
	// Output:
	// none valid <nil>
	// local-reads invalid <nil>
}
