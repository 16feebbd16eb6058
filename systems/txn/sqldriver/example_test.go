package sqldriver_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/txn/sqldriver"
	"github.com/capsize-go/capsize/systems/txn/ssi"
	"github.com/capsize-go/capsize/workloads"
	"github.com/capsize-go/capsize/workloads/sqltxn"
)

// Example tests a database as an application uses it that needs serializable transactions and asks for less.
func Example() {
	store := ssi.Store{}
	open := func(_ context.Context, h *cluster.Host) (*sqltxn.Client, error) {
		db := sqldriver.Open(store, h, sqldriver.Options{})
		return sqltxn.New(db, sqltxn.Options{
			Statements: sqltxn.Statements{
				Append:   "UPDATE lists SET v = v || ?2 WHERE k = ?1",
				ReadList: "SELECT v FROM lists WHERE k = ?",
			},
			Tx: sql.TxOptions{Isolation: sql.LevelReadCommitted},
		}), nil
	}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Append(open, txn.StrictSerializable, workloads.TxnMix{}),
		Nemesis:  nemesis.Every(5*time.Second, nemesis.Partitions()),
		Duration: 6 * time.Second,
		Seed:     1,
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), test)
	fmt.Println(r.Verdict, err)
	// Output: invalid <nil>
}
