package checker_test

import (
	"github.com/capsize-go/capsize/checker"
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
