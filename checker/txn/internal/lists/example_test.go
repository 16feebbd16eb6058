package lists_test

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/lists"
	"github.com/capsize-go/capsize/history"
)

// A transaction reads what one that failed has appended.
func Example() {
	b := txn.NewBuilder()
	x := b.Key("x")
	line := func(process int, typ history.Type, add func()) {
		b.Begin(txn.Record{Process: process, Type: typ})
		add()
		if err := b.End(); err != nil {
			fmt.Println(err)
		}
	}
	appends := func() { b.Write(txn.Append, x, 5) }
	line(0, history.Invoke, appends)
	line(0, history.Fail, appends)
	line(1, history.Invoke, func() { b.ReadUnknown(txn.Read, x) })
	line(1, history.OK, func() { b.ReadList(x, []int32{5}) })
	r, err := lists.Judge(context.Background(), b.History(), txn.Options{Models: []txn.Model{txn.ReadUncommitted, txn.ReadCommitted}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range r.Findings {
		fmt.Println(f.Model, f.Verdict)
	}
	fmt.Println(r.Anomalies[0].Type, r.Anomalies[0].Reason)
	// Output:
	// read-uncommitted valid
	// read-committed invalid
	// G1a T1 read x as [5], with 5 of T0, which failed (aborted read)
}
