package jepsen_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/checker/jepsen"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// A request is an input: all that the checkers of Jepsen's kind need is that there are fields
// F and Value, and Key if there are several objects.
type request struct {
	F     string
	Value int
}

func ExampleFinalSet() {
	checkertest.Judge(jepsen.FinalSet(), checkertest.InTurn(
		[2]any{request{"add", 1}, nil},
		[2]any{request{"add", 2}, nil},
		[2]any{request{"read", 0}, []int{1, 2}},
		[2]any{request{"read", 0}, []int{2}},
	))
	// Output:
	// invalid - 1 element lost (2 attempted, 2 acknowledged, 1 ok)
	// 1 was added and read by process 0, but process 0, the last to read, did not see it
}

func ExampleSetFull() {
	checkertest.Judge(jepsen.SetFull(true), checkertest.InTurn(
		[2]any{request{"add", 1}, nil},
		[2]any{request{"read", 0}, []int{}}, // stale
		[2]any{request{"read", 0}, []int{1}},
	))
	// Output:
	// invalid - 1 element stale (1 attempted, 1 acknowledged, 1 stable)
	// 1 had been added before process 0 began to read, who did not see it, which a later read did
}

func ExampleCounterBounds() {
	checkertest.Judge(jepsen.CounterBounds(), checkertest.InTurn(
		[2]any{request{"add", 3}, nil},
		[2]any{request{"add", 4}, nil},
		[2]any{request{"read", 0}, 4},
	))
	// Output:
	// invalid - 1 read out of bounds
	// process 0 read 4, but at least 7 had been added
}

func ExampleQueueSources() {
	checkertest.Judge(jepsen.QueueSources(), checkertest.InTurn(
		[2]any{request{"enqueue", 1}, nil},
		[2]any{request{"dequeue", 0}, 1},
		[2]any{request{"dequeue", 0}, 1},
	))
	// Output:
	// invalid - 1 element dequeued without an enqueue (1 enqueued, 2 dequeued)
	// process 0 dequeued 1, which was enqueued once and dequeued before
}

func ExampleTotalQueue() {
	checkertest.Judge(jepsen.TotalQueue(false), checkertest.InTurn(
		[2]any{request{"enqueue", 1}, nil},
		[2]any{request{"enqueue", 2}, nil},
		[2]any{request{"drain", 0}, []int{2}},
	))
	// Output:
	// invalid - 1 element lost (2 attempted, 2 acknowledged, 1 ok)
	// 1 was enqueued by process 0, and never came out
}

func ExampleDistinctIDs() {
	checkertest.Judge(jepsen.DistinctIDs(), checkertest.InTurn(
		[2]any{request{"generate", 0}, "a7"},
		[2]any{request{"generate", 0}, "a8"},
		[2]any{request{"generate", 0}, "a7"},
	))
	// Output:
	// invalid - 1 id duplicated (3 attempted, 3 acknowledged)
	// process 0 was given "a7", which process 0 was given as well
}

func ExampleBank() {
	checkertest.Judge(jepsen.Bank(jepsen.BankRule{}), checkertest.InTurn(
		[2]any{jepsen.BankOp{F: "read"}, []int{10, 0}},
		[2]any{jepsen.BankOp{F: "transfer", From: 0, To: 1, Amount: 4}, nil},
		[2]any{jepsen.BankOp{F: "read"}, []int{6, 0}}, // on its way
	))
	// Output:
	// invalid - 1 of 2 reads with a wrong total
	// process 0 read 6 in all, but process 0 had read 10
}

func ExampleLongFork() {
	read := jepsen.GroupOp{F: "read", Keys: []int{1, 2}}
	checkertest.Judge(jepsen.LongFork(2), checkertest.InTurn(
		[2]any{read, []int{1, model.Nil}},
		[2]any{read, []int{model.Nil, 1}},
	))
	// Output:
	// invalid - 1 of 2 reads forked
	// process 0 read key 1 as written and key 2 as not, and later the other way round
}

func ExampleCausalReverse() {
	checkertest.Judge(jepsen.CausalReverse(), checkertest.InTurn(
		[2]any{request{"write", 1}, nil},
		[2]any{request{"write", 2}, nil},
		[2]any{request{"read", 0}, []int{2}},
	))
	// Output:
	// invalid - 1 read reversed (2 written)
	// process 0 saw 2 but not 1, whose write had ended before the other began
}

func ExampleMonotonicInserts() {
	a, b := jepsen.MonotonicRow{Value: 1, Stamp: 100}, jepsen.MonotonicRow{Value: 2, Stamp: 90}
	checkertest.Judge(jepsen.MonotonicInserts(false), checkertest.InTurn(
		[2]any{request{"add", 1}, a},
		[2]any{request{"add", 2}, b},
		[2]any{request{"read", 0}, []jepsen.MonotonicRow{b, a}},
	))
	// Output:
	// invalid - 1 row out of the order of values (2 acknowledged, 2 read)
	// process 0 read rows of which 1 was inserted at a later time than 2, and is smaller
}

// What was counted can be had by name.
func ExampleFindingsOf() {
	r := jepsen.DistinctIDs().Check(context.Background(), checkertest.InTurn(
		[2]any{request{"generate", 0}, 7},
		[2]any{request{"generate", 0}, 7},
	))
	f, ok := jepsen.FindingsOf(r)
	fmt.Println(ok, f.N("acknowledged"), f.N("duplicated"))
	// Output: true 2 1
}

// A history of Jepsen's is judged as it is read.
func ExampleSetFull_jepsen() {
	const edn = `
{:process 0, :type :invoke, :f :add, :value 7, :time 0}
{:process 0, :type :ok, :f :add, :value 7, :time 5}
{:process 1, :type :invoke, :f :read, :value nil, :time 6}
{:process 1, :type :ok, :f :read, :value #{}, :time 9}`
	h, err := history.Decode(strings.NewReader(edn), "history.edn", history.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	checkertest.Judge(jepsen.SetFull(false), h)
	// Output:
	// invalid - 1 element lost (1 attempted, 1 acknowledged)
	// 7 had been added before process 1 began to read, who did not see it, and no read that began later saw it
}
