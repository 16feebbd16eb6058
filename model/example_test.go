package model_test

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// An append that was acknowledged must be in what is read later.
func ExampleKV() {
	checkertest.Show(linearizable.New(model.KV()), checkertest.OneByOne(
		[2]any{model.KVOp{F: "put", Key: "x", Value: "a"}, ""},
		[2]any{model.KVOp{F: "append", Key: "x", Value: "b"}, ""},
		[2]any{model.KVOp{F: "get", Key: "x"}, "a"},
	))
	// Output:
	// invalid
	// process 2 read "a" from x, but "b" had replaced it 9ms before that read began
}

// An element that was added must be in every later read.
func ExampleSet() {
	checkertest.Show(linearizable.New(model.Set()), checkertest.OneByOne(
		[2]any{model.SetOp{F: "add", Value: 1}, []int(nil)},
		[2]any{model.SetOp{F: "add", Value: 2}, []int(nil)},
		[2]any{model.SetOp{F: "read"}, []int{2}},
	))
	// Output:
	// invalid
	// process 2 was answered read → [2], which lacks an element that had been added before
}

// Two reads of a log must agree on its order.
func ExampleLog() {
	checkertest.Show(linearizable.New(model.Log()), checkertest.OneByOne(
		[2]any{model.LogOp{F: "append", Value: 1}, []int(nil)},
		[2]any{model.LogOp{F: "append", Value: 2}, []int(nil)},
		[2]any{model.LogOp{F: "read"}, []int{2, 1}},
	))
	// Output:
	// invalid
	// process 2 was answered read → [2 1], though a value that it shows behind another, or not at all, had been appended before that
}

// No id may be given twice.
func ExampleUniqueIDs() {
	checkertest.Show(linearizable.New(model.UniqueIDs()), checkertest.OneByOne(
		[2]any{model.IDOp{F: "generate"}, 7},
		[2]any{model.IDOp{F: "generate"}, 7},
	))
	// Output:
	// invalid
	// process 1 was answered generate → 7, which had been given before
}

// A counter that was asked to add 1 twice is 2, not 3: an addition was carried out twice.
func ExampleCounter() {
	checkertest.Show(linearizable.New(model.Counter()), checkertest.OneByOne(
		[2]any{model.CounterOp{F: "add", Value: 1}, 0},
		[2]any{model.CounterOp{F: "add", Value: 1}, 0},
		[2]any{model.CounterOp{F: "read"}, 3},
	))
	// Output:
	// invalid
	// process 2 was answered read → 3, but what was added makes 2
}

// A model of your own says what a right answer is, one call after another.
func ExampleModel() {
	type ask struct{ Add int } // adds, and is answered the sum
	counter := model.Model[int, ask, int]{
		Name: "fetch and add",
		Step: func(s int, in ask, out int) (int, bool) { return s + in.Add, out == s+in.Add },
	}
	h := history.Of(
		history.Op{Process: 0, Type: history.Invoke, Input: ask{1}},
		history.Op{Process: 1, Type: history.Invoke, Input: ask{2}},
		history.Op{Process: 0, Type: history.OK, Output: 1},
		history.Op{Process: 1, Type: history.OK, Output: 2}, // the other's addition is lost
	)
	fmt.Println(linearizable.New(counter).Check(context.Background(), h).Verdict)
	// Output: invalid
}

// What was pushed last must be popped first.
func ExampleStack() {
	h := history.Of(
		history.Op{Process: 0, Type: history.Invoke, Input: model.StackOp{F: "push", Value: 1}},
		history.Op{Process: 0, Type: history.OK},
		history.Op{Process: 0, Type: history.Invoke, Input: model.StackOp{F: "push", Value: 2}},
		history.Op{Process: 0, Type: history.OK},
		history.Op{Process: 1, Type: history.Invoke, Input: model.StackOp{F: "pop"}},
		history.Op{Process: 1, Type: history.OK, Output: 1},
	)
	r := linearizable.New(model.Stack()).Check(context.Background(), h).Explain(context.Background())
	fmt.Println(r.Counterexample.Reason)
	// Output: process 1 was answered pop → 1, though another was pushed on top of it, and was never popped
}

// The most urgent job, that of the least number, must leave first.
func ExamplePriorityQueue() {
	h := history.Of(
		history.Op{Process: 0, Type: history.Invoke, Input: model.QueueOp{F: "enqueue", Value: 1}},
		history.Op{Process: 0, Type: history.OK},
		history.Op{Process: 0, Type: history.Invoke, Input: model.QueueOp{F: "enqueue", Value: 2}},
		history.Op{Process: 0, Type: history.OK},
		history.Op{Process: 1, Type: history.Invoke, Input: model.QueueOp{F: "dequeue"}},
		history.Op{Process: 1, Type: history.OK, Output: 2},
	)
	r := linearizable.New(model.PriorityQueue()).Check(context.Background(), h).Explain(context.Background())
	fmt.Println(r.Counterexample.Reason)
	// Output: process 1 was answered dequeue → 2, though something smaller was there all the time
}

// Jobs must leave a queue in the order in which they came.
func ExampleFIFOQueue() {
	h := history.Of(
		history.Op{Process: 0, Type: history.Invoke, Input: model.QueueOp{F: "enqueue", Value: 1}},
		history.Op{Process: 0, Type: history.OK},
		history.Op{Process: 0, Type: history.Invoke, Input: model.QueueOp{F: "enqueue", Value: 2}},
		history.Op{Process: 0, Type: history.OK},
		history.Op{Process: 1, Type: history.Invoke, Input: model.QueueOp{F: "dequeue"}},
		history.Op{Process: 1, Type: history.OK, Output: 2},
	)
	r := linearizable.New(model.FIFOQueue()).Check(context.Background(), h).Explain(context.Background())
	fmt.Println(r.Counterexample.Reason)
	// Output: process 1 was answered dequeue → 2, though another was put there before it, and was never taken
}

// An object of one's own is decided without a search, as those of this package are: here, tickets of which no two may
// have the same number.
func ExampleAccelerators() {
	type take struct{}
	tickets := model.Model[int, take, int]{
		Name: "tickets",
		Step: func(last int, _ take, out int) (int, bool) { return out, out > last },
		Accelerators: model.Accelerators[int, take, int]{
			Decide: func(calls model.Calls[take, int]) model.Decision {
				first := map[int]int{}
				for i := range calls.N {
					c := calls.At(i)
					if at, twice := first[c.Out]; twice && c.Known {
						return model.Violated("which was given before", i, at)
					} else if c.Known {
						first[c.Out] = i
					}
				}
				return model.Undecided // a search finds out whether they were given in order
			},
		},
	}
	checkertest.Show(linearizable.New(tickets), checkertest.OneByOne(
		[2]any{take{}, 1},
		[2]any{take{}, 2},
		[2]any{take{}, 1},
	))
	// Output:
	// invalid
	// process 2 was answered {} → 1, which was given before
}
