package predicates_test

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/predicates"
	"github.com/capsize-go/capsize/history"
)

// A transaction inserts a row; one that begins after its end reads all rows, and misses it.
func Example() {
	b := txn.NewBuilder()
	x, all := b.Key("x"), b.Predicate(":true")
	line := func(process int, typ history.Type, add func()) {
		b.Begin(txn.Record{Process: process, Type: typ})
		add()
		if err := b.End(); err != nil {
			fmt.Println(err)
		}
	}
	reads := func(process int) {
		line(process, history.Invoke, func() { b.ReadUnknown(txn.ReadAll, all) })
		line(process, history.OK, func() { b.ReadRows(all, nil) })
	}
	insert := func() { b.Write(txn.Insert, x, 3) }
	reads(0)
	line(1, history.Invoke, insert)
	line(1, history.OK, insert)
	reads(2)
	o := txn.Options{Kind: txn.Predicates, Models: []txn.Model{txn.Serializable, txn.StrictSerializable}}
	r, err := predicates.Judge(context.Background(), b.History(), o)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range r.Findings {
		fmt.Println(f.Model, f.Verdict)
	}
	// Output:
	// serializable valid
	// strict-serializable invalid
}
