package checker_test

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// A history needs no cluster: here is one of three calls, written by hand.
func ExampleLinearizable() {
	at := func(ms int, process int, t history.Type, in, out any) history.Op {
		return history.Op{Time: time.Duration(ms) * time.Millisecond, Process: process, Type: t, Input: in, Output: out}
	}
	h := history.Of(
		at(10, 2, history.Invoke, checker.RegisterOp{F: "write", Key: "k2", Value: 23}, nil),
		at(20, 2, history.OK, nil, 0),
		at(25, 3, history.Invoke, checker.RegisterOp{F: "write", Key: "k2", Value: 78}, nil),
		at(30, 3, history.OK, nil, 0),
		at(40, 1, history.Invoke, checker.RegisterOp{F: "read", Key: "k2"}, nil),
		at(50, 1, history.OK, nil, 23),
	)
	r := checker.Linearizable(checker.Register()).Check(context.Background(), h).Explain(context.Background())
	fmt.Println(r.Verdict)
	fmt.Println(r.Why.Reason)
	// Output:
	// invalid
	// process 1 read 23 from k2, but 78 had replaced it 10ms before that read began
}

// A model of your own says what a right answer is, one call after another.
func ExampleModel() {
	type ask struct{ Add int } // adds, and is answered the sum
	counter := checker.Model[int, ask, int]{
		Name: "fetch and add",
		Step: func(s int, in ask, out int) (int, bool) { return s + in.Add, out == s+in.Add },
	}
	h := history.Of(
		history.Op{Process: 0, Type: history.Invoke, Input: ask{1}},
		history.Op{Process: 1, Type: history.Invoke, Input: ask{2}},
		history.Op{Process: 0, Type: history.OK, Output: 1},
		history.Op{Process: 1, Type: history.OK, Output: 2}, // the other's addition is lost
	)
	fmt.Println(checker.Linearizable(counter).Check(context.Background(), h).Verdict)
	// Output: invalid
}

// What was pushed last must be popped first.
func ExampleStack() {
	h := history.Of(
		history.Op{Process: 0, Type: history.Invoke, Input: checker.StackOp{F: "push", Value: 1}},
		history.Op{Process: 0, Type: history.OK},
		history.Op{Process: 0, Type: history.Invoke, Input: checker.StackOp{F: "push", Value: 2}},
		history.Op{Process: 0, Type: history.OK},
		history.Op{Process: 1, Type: history.Invoke, Input: checker.StackOp{F: "pop"}},
		history.Op{Process: 1, Type: history.OK, Output: 1},
	)
	r := checker.Linearizable(checker.Stack()).Check(context.Background(), h).Explain(context.Background())
	fmt.Println(r.Why.Reason)
	// Output: process 1 was answered pop → 1, though another was pushed on top of it, and was never popped
}

// The most urgent job, that of the least number, must leave first.
func ExamplePriorityQueue() {
	h := history.Of(
		history.Op{Process: 0, Type: history.Invoke, Input: checker.QueueOp{F: "enqueue", Value: 1}},
		history.Op{Process: 0, Type: history.OK},
		history.Op{Process: 0, Type: history.Invoke, Input: checker.QueueOp{F: "enqueue", Value: 2}},
		history.Op{Process: 0, Type: history.OK},
		history.Op{Process: 1, Type: history.Invoke, Input: checker.QueueOp{F: "dequeue"}},
		history.Op{Process: 1, Type: history.OK, Output: 2},
	)
	r := checker.Linearizable(checker.PriorityQueue()).Check(context.Background(), h).Explain(context.Background())
	fmt.Println(r.Why.Reason)
	// Output: process 1 was answered dequeue → 2, though something smaller was there all the time
}

// Jobs must leave a queue in the order in which they came.
func ExampleFIFOQueue() {
	h := history.Of(
		history.Op{Process: 0, Type: history.Invoke, Input: checker.QueueOp{F: "enqueue", Value: 1}},
		history.Op{Process: 0, Type: history.OK},
		history.Op{Process: 0, Type: history.Invoke, Input: checker.QueueOp{F: "enqueue", Value: 2}},
		history.Op{Process: 0, Type: history.OK},
		history.Op{Process: 1, Type: history.Invoke, Input: checker.QueueOp{F: "dequeue"}},
		history.Op{Process: 1, Type: history.OK, Output: 2},
	)
	r := checker.Linearizable(checker.FIFOQueue()).Check(context.Background(), h).Explain(context.Background())
	fmt.Println(r.Why.Reason)
	// Output: process 1 was answered dequeue → 2, though another was put there before it, and was never taken
}
