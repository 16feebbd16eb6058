package txn_test

import (
	"fmt"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// A history is built of lines, as a reader of files does. The second transaction got no answer, so that its read is not known.
func Example() {
	b := txn.NewBuilder()
	x, y := b.Key("x"), b.Key("y")
	line := func(process int, typ history.Type, read ...int32) {
		b.Begin(txn.Record{Process: process, Type: typ})
		if typ == history.OK {
			b.ReadList(x, read)
		} else {
			b.ReadUnknown(txn.Read, x)
		}
		b.Write(txn.Append, y, b.Int(int64(process)))
		if err := b.End(); err != nil {
			fmt.Println(err)
		}
	}
	line(1, history.Invoke)
	line(2, history.Invoke)
	line(1, history.OK, 7, 8)
	line(2, history.Info)
	h := b.History()
	for t := range h.Txns {
		for _, o := range h.OpsOf(int32(t)) {
			fmt.Println(t, h.Txns[t].Type, h.Keys[o.Key], o.F == txn.Append, o.Known, h.List(o))
		}
	}
	// Output:
	// 0 ok x false true [7 8]
	// 0 ok y true false []
	// 1 info x false false []
	// 1 info y true false []
}

// Snapshot isolation and serializability: the one follows from the other, and not the other way.
func ExampleModel_Implies() {
	fmt.Println(txn.Serializable.Implies(txn.SnapshotIsolation), txn.SnapshotIsolation.Implies(txn.Serializable))
	fmt.Println(txn.StrictSerializable.Implies(txn.Serializable))
	fmt.Println(txn.Strongest([]txn.Model{txn.ReadAtomic, txn.Causal, txn.CursorStability}))
	// Output:
	// true false
	// true
	// [causal cursor-stability]
}

func ExampleFindModel() {
	m, err := txn.FindModel("PL-3")
	fmt.Println(m, err)
	_, err = txn.FindModel("serialisable")
	fmt.Println(err)
	_, err = txn.FindModel("linearizable")
	fmt.Println(err)
	// Output:
	// serializable <nil>
	// model "serialisable" is unknown; did you mean "serializable"?
	// model "linearizable": it is a model of single operations; of transactions it is strict-serializable
}
