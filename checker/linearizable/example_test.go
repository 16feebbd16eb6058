package linearizable_test

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// A history needs no cluster: here is one of three calls, written by hand.
func ExampleNew() {
	at := func(ms int, process int, t history.Type, in, out any) history.Op {
		return history.Op{Time: time.Duration(ms) * time.Millisecond, Process: process, Type: t, Input: in, Output: out}
	}
	h := history.Of(
		at(10, 2, history.Invoke, model.RegisterOp{F: "write", Key: "k2", Value: 23}, nil),
		at(20, 2, history.OK, nil, 0),
		at(25, 3, history.Invoke, model.RegisterOp{F: "write", Key: "k2", Value: 78}, nil),
		at(30, 3, history.OK, nil, 0),
		at(40, 1, history.Invoke, model.RegisterOp{F: "read", Key: "k2"}, nil),
		at(50, 1, history.OK, nil, 23),
	)
	r := linearizable.New(model.Register()).Check(context.Background(), h).Explain(context.Background())
	fmt.Println(r.Verdict)
	fmt.Println(r.Counterexample.Reason)
	// Output:
	// invalid
	// process 1 read 23 from k2, but 78 had replaced it 10ms before that read began
}
