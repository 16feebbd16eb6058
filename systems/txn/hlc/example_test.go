package hlc_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/txn/hlc"
	"github.com/capsize-go/capsize/workloads"
)

// Transactions are serializable and keys linearizable while clocks are wrong by seconds; not if they are taken to be right.
func Example() {
	for _, bug := range []hlc.Bug{0, hlc.TightOffset} {
		store := hlc.Store{Bugs: bug}
		test := capsize.Test{
			System:   store,
			Workload: workloads.Append(store.Open, txn.PerKeyStrictSerializable, workloads.TxnMix{}),
			Nemesis:  nemesis.Every(4*time.Second, nemesis.ClockSkew(0)),
			Duration: 8 * time.Second,
			Seed:     1,
		}
		r, err := capsize.Exec(context.Background(), new(testing.T), test)
		fmt.Println(bug, r.Verdict, err)
	}
	// Output:
	// none valid <nil>
	// tight-offset invalid <nil>
}
