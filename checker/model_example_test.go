package checker_test

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// oneByOne is the history of calls that do not overlap: of pairs of what was asked and what
// was answered.
func oneByOne(calls ...[2]any) *history.History {
	var ops []history.Op
	for i, c := range calls {
		at := time.Duration(i) * 10 * time.Millisecond
		ops = append(ops,
			history.Op{Time: at, Process: i, Type: history.Invoke, Input: c[0]},
			history.Op{Time: at + time.Millisecond, Process: i, Type: history.OK, Output: c[1]})
	}
	return history.Of(ops...)
}

// linearizable prints whether a history fits a model, and if not, why.
func linearizable(c checker.Checker, h *history.History) {
	r := c.Check(context.Background(), h).Explain(context.Background())
	fmt.Println(r.Verdict)
	if r.Why != nil {
		fmt.Println(r.Why.Reason)
	}
}

// An append that was acknowledged must be in what is read later.
func ExampleKV() {
	linearizable(checker.Linearizable(checker.KV()), oneByOne(
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
	linearizable(checker.Linearizable(checker.SetModel()), oneByOne(
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
	linearizable(checker.Linearizable(checker.Log()), oneByOne(
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
	linearizable(checker.Linearizable(checker.UniqueIDs()), oneByOne(
		[2]any{checker.IDOp{F: "generate"}, 7},
		[2]any{checker.IDOp{F: "generate"}, 7},
	))
	// Output:
	// invalid
	// process 1 was answered generate → 7, which had been given before
}

// A counter that was told to add 1 twice is 2, not 3: an addition was carried out twice.
func ExampleCounterModel() {
	linearizable(checker.Linearizable(checker.CounterModel()), oneByOne(
		[2]any{checker.CounterOp{F: "add", Value: 1}, 0},
		[2]any{checker.CounterOp{F: "add", Value: 1}, 0},
		[2]any{checker.CounterOp{F: "read"}, 3},
	))
	// Output:
	// invalid
	// process 2 was answered read → 3, but what was added makes 2
}
