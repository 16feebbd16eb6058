package checker_test

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// An append that was acknowledged must be in what is read later.
func ExampleKV() {
	checker.Show(checker.Linearizable(checker.KV()), checker.OneByOne(
		[2]any{checker.KVOp{F: "put", Key: "x", Value: "a"}, ""},
		[2]any{checker.KVOp{F: "append", Key: "x", Value: "b"}, ""},
		[2]any{checker.KVOp{F: "get", Key: "x"}, "a"},
	))
	// Output:
	// invalid
	// process 2 read "a" from x, but "b" had replaced it 9ms before that read began
}

// An element that was added must be in every later read.
func ExampleSetModel() {
	checker.Show(checker.Linearizable(checker.SetModel()), checker.OneByOne(
		[2]any{checker.SetOp{F: "add", Value: 1}, []int(nil)},
		[2]any{checker.SetOp{F: "add", Value: 2}, []int(nil)},
		[2]any{checker.SetOp{F: "read"}, []int{2}},
	))
	// Output:
	// invalid
	// process 2 was answered read → [2], which lacks an element that had been added before
}

// Two reads of a log must agree on its order.
func ExampleLog() {
	checker.Show(checker.Linearizable(checker.Log()), checker.OneByOne(
		[2]any{checker.LogOp{F: "append", Value: 1}, []int(nil)},
		[2]any{checker.LogOp{F: "append", Value: 2}, []int(nil)},
		[2]any{checker.LogOp{F: "read"}, []int{2, 1}},
	))
	// Output:
	// invalid
	// process 2 was answered read → [2 1], though a value that it shows behind another, or not at all, had been appended before that
}

// No id may be given twice.
func ExampleUniqueIDs() {
	checker.Show(checker.Linearizable(checker.UniqueIDs()), checker.OneByOne(
		[2]any{checker.IDOp{F: "generate"}, 7},
		[2]any{checker.IDOp{F: "generate"}, 7},
	))
	// Output:
	// invalid
	// process 1 was answered generate → 7, which had been given before
}

// A counter that was told to add 1 twice is 2, not 3: an addition was carried out twice.
func ExampleCounterModel() {
	checker.Show(checker.Linearizable(checker.CounterModel()), checker.OneByOne(
		[2]any{checker.CounterOp{F: "add", Value: 1}, 0},
		[2]any{checker.CounterOp{F: "add", Value: 1}, 0},
		[2]any{checker.CounterOp{F: "read"}, 3},
	))
	// Output:
	// invalid
	// process 2 was answered read → 3, but what was added makes 2
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
