package sqltxn_test

import (
	"context"
	"database/sql"
	"fmt"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/workloads/sqltxn"
)

// ExampleNew carries out a transaction on SQLite.
func ExampleNew() {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		fmt.Println(err)
		return
	}
	db.SetMaxOpenConns(1) // each connection has a memory of its own
	if _, err := db.Exec("CREATE TABLE lists (k TEXT PRIMARY KEY, v TEXT)"); err != nil {
		fmt.Println(err)
		return
	}
	client := sqltxn.New(db, sqltxn.Options{Statements: sqltxn.Statements{
		Append:   "INSERT INTO lists VALUES (?1, ?2) ON CONFLICT (k) DO UPDATE SET v = v || ',' || ?2",
		ReadList: "SELECT v FROM lists WHERE k = ?",
	}})
	read := model.TxnOp{F: model.TxnRead, Key: "x"}
	out, err := client.Txn(context.Background(), []model.TxnOp{
		read, {F: model.TxnAppend, Key: "x", Value: 1}, {F: model.TxnAppend, Key: "x", Value: 2}, read,
	})
	fmt.Println(model.Txn(out).Answered(), err)
	fmt.Println(client.Close())
	// Output:
	// r x → nothing, append x 1, append x 2, r x → [1 2] <nil>
	// <nil>
}
