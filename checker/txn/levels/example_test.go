package levels_test

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/levels"
	"github.com/capsize-go/capsize/history"
)

// Two transactions each read a list that the other appends to: both kept snapshot isolation, and no order of them explains it.
func Example() {
	b := txn.NewBuilder()
	x, y := b.Key("x"), b.Key("y")
	line := func(process int, typ history.Type, read, write, value int32) {
		b.Begin(txn.Record{Process: process, Type: typ})
		b.ReadList(read, nil)
		b.Write(txn.Append, write, value)
		if err := b.End(); err != nil {
			fmt.Println(err)
		}
	}
	line(3, history.Invoke, x, y, 4)
	line(7, history.Invoke, y, x, 5)
	line(3, history.OK, x, y, 4)
	line(7, history.OK, y, x, 5)
	h := b.History()
	r, err := levels.Judge(context.Background(), h, txn.Options{Models: []txn.Model{txn.SnapshotIsolation, txn.Serializable}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(r.Text(h))
	// Output:
	// ✗ serializable   G2-item: 2 transactions each read what another was about to replace (write skew)
	//
	//   T0      process 3     r x → [], append y 4
	//   T1      process 7     r y → [], append x 5
	//   T0 → T1  rw on x: T0 read x as [], without 5
	//   T1 → T0  rw on y: T1 read y as [], without 4
	//
	// holds still: snapshot isolation
	// broken: serializable
}
