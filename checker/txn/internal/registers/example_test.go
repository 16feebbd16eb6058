package registers_test

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/registers"
	"github.com/capsize-go/capsize/history"
)

// Two transactions read that x has no value, and both write it: one update is lost.
func Example() {
	b := txn.NewBuilder()
	x := b.Key("x")
	line := func(process int, typ history.Type, value int32) {
		b.Begin(txn.Record{Process: process, Type: typ})
		b.ReadValue(x, txn.Nil)
		b.Write(txn.Write, x, value)
		if err := b.End(); err != nil {
			fmt.Println(err)
		}
	}
	line(0, history.Invoke, 1)
	line(1, history.Invoke, 2)
	line(0, history.OK, 1)
	line(1, history.OK, 2)
	o := txn.Options{Kind: txn.Registers, Models: []txn.Model{txn.ReadCommitted, txn.SnapshotIsolation}}
	r, err := registers.Judge(context.Background(), b.History(), o)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range r.Findings {
		fmt.Println(f.Model, f.Verdict)
	}
	fmt.Println(r.Anomalies[0].Type)
	// Output:
	// read-committed valid
	// snapshot-isolation invalid
	// G-single-item
}
