package judging_test

import (
	"cmp"
	"fmt"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
)

// One anomaly and one model that is kept decide what follows from them; a model that neither decides is unknown.
func Example() {
	models := []txn.Model{txn.ReadCommitted, txn.SnapshotIsolation, txn.Serializable, txn.RepeatableRead}
	j := judging.New(&txn.History{}, txn.Options{Models: models})
	j.AddBreaking(txn.Serializable, txn.Anomaly{Type: "G2-item", Txns: []int32{0, 1}})
	j.Kept(txn.SnapshotIsolation)
	for _, f := range j.Report(2).Findings {
		fmt.Println(f.Model, cmp.Or(f.Reason, f.Verdict.String()))
	}
	// Output:
	// read-committed valid
	// snapshot-isolation valid
	// repeatable-read it was not decided
	// serializable invalid
}
