package checker_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// An ask is an input: all that the checkers of Jepsen's kind need is that there are fields
// F and Value, and Key if there are several objects.
type ask struct {
	F     string
	Value int
}

// inTurn is a history of calls of one process, one after the other, 10ms each.
func inTurn(calls ...[2]any) *history.History {
	h := history.Of()
	for i, c := range calls {
		at := time.Duration(i) * 10 * time.Millisecond
		h.Add(history.Op{Time: at, Type: history.Invoke, Input: c[0]})
		h.Add(history.Op{Time: at + 5*time.Millisecond, Type: history.OK, Output: c[1]})
	}
	return h
}

func judge(c checker.Checker, h *history.History) {
	r := c.Check(context.Background(), h)
	fmt.Println(r.Verdict, "-", r.Reason)
	if r.Why != nil {
		fmt.Println(r.Why.Reason)
	}
}

func ExampleFinalSet() {
	judge(checker.FinalSet(), inTurn(
		[2]any{ask{"add", 1}, nil},
		[2]any{ask{"add", 2}, nil},
		[2]any{ask{"read", 0}, []int{1, 2}},
		[2]any{ask{"read", 0}, []int{2}},
	))
	// Output:
	// invalid - 1 lost (of 2 attempted, 2 acknowledged, 1 ok, 0 recovered, 0 read twice)
	// 1 was added and read by process 0, but process 0, the last to read, did not see it
}

func ExampleSetFull() {
	judge(checker.SetFull(true), inTurn(
		[2]any{ask{"add", 1}, nil},
		[2]any{ask{"read", 0}, []int{}}, // stale
		[2]any{ask{"read", 0}, []int{1}},
	))
	// Output:
	// invalid - 1 stale (of 1 attempted, 1 acknowledged, 1 stable, 0 never read)
	// 1 had been added before process 0 began to read, who did not see it, which a later read did
}

func ExampleCounterBounds() {
	judge(checker.CounterBounds(), inTurn(
		[2]any{ask{"add", 3}, nil},
		[2]any{ask{"add", 4}, nil},
		[2]any{ask{"read", 0}, 4},
	))
	// Output:
	// invalid - 1 out of bounds (of 1 read)
	// process 0 read 4, but at least 7 had been added
}

func ExampleQueueSources() {
	judge(checker.QueueSources(), inTurn(
		[2]any{ask{"enqueue", 1}, nil},
		[2]any{ask{"dequeue", 0}, 1},
		[2]any{ask{"dequeue", 0}, 1},
	))
	// Output:
	// invalid - 1 dequeued without an enqueue (of 1 enqueued, 2 dequeued)
	// process 0 dequeued 1, which was enqueued once and dequeued before
}

func ExampleTotalQueue() {
	judge(checker.TotalQueue(false), inTurn(
		[2]any{ask{"enqueue", 1}, nil},
		[2]any{ask{"enqueue", 2}, nil},
		[2]any{ask{"drain", 0}, []int{2}},
	))
	// Output:
	// invalid - 1 lost (of 2 attempted, 2 acknowledged, 1 ok, 0 recovered, 0 acknowledged too late to tell, 0 duplicated)
	// 1 was enqueued by process 0, and never came out
}

func ExampleDistinctIDs() {
	judge(checker.DistinctIDs(), inTurn(
		[2]any{ask{"generate", 0}, "a7"},
		[2]any{ask{"generate", 0}, "a8"},
		[2]any{ask{"generate", 0}, "a7"},
	))
	// Output:
	// invalid - 1 duplicated (of 3 attempted, 3 acknowledged)
	// process 0 was given "a7", which process 0 was given as well
}

func ExampleBank() {
	judge(checker.Bank(checker.BankRule{}), inTurn(
		[2]any{checker.BankOp{F: "read"}, []int{10, 0}},
		[2]any{checker.BankOp{F: "transfer", From: 0, To: 1, Amount: 4}, nil},
		[2]any{checker.BankOp{F: "read"}, []int{6, 0}}, // on its way
	))
	// Output:
	// invalid - 1 with a wrong total (of 2 read)
	// process 0 read 6 in all, but process 0 had read 10
}

func ExampleLongFork() {
	read := checker.GroupOp{F: "read", Keys: []int{1, 2}}
	judge(checker.LongFork(2), inTurn(
		[2]any{read, []int{1, checker.Nil}},
		[2]any{read, []int{checker.Nil, 1}},
	))
	// Output:
	// invalid - 1 forked (of 2 read, 0 early, 0 late)
	// process 0 saw the write of key 1 and not that of key 2, but process 0 saw it the other way round
}

func ExampleCausalReverse() {
	judge(checker.CausalReverse(), inTurn(
		[2]any{ask{"write", 1}, nil},
		[2]any{ask{"write", 2}, nil},
		[2]any{ask{"read", 0}, []int{2}},
	))
	// Output:
	// invalid - 1 reversed (of 2 written, 1 read)
	// process 0 saw 2 but not 1, whose write had ended before the other began
}

func ExampleMonotonicInserts() {
	a, b := checker.MonotonicRow{Value: 1, Stamp: 100}, checker.MonotonicRow{Value: 2, Stamp: 90}
	judge(checker.MonotonicInserts(false), inTurn(
		[2]any{ask{"add", 1}, a},
		[2]any{ask{"add", 2}, b},
		[2]any{ask{"read", 0}, []checker.MonotonicRow{b, a}},
	))
	// Output:
	// invalid - 1 out of the order of values (of 2 acknowledged, 2 read, 0 recovered)
	// process 0 read rows of which 1 was inserted at a later time than 2, and is smaller
}

// What was counted can be had by name.
func ExampleFindingsOf() {
	r := checker.DistinctIDs().Check(context.Background(), inTurn(
		[2]any{ask{"generate", 0}, 7},
		[2]any{ask{"generate", 0}, 7},
	))
	f, ok := checker.FindingsOf(r)
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
	judge(checker.SetFull(false), h)
	// Output:
	// invalid - 1 lost (of 1 attempted, 1 acknowledged, 0 stable, 0 never read, 0 stale)
	// 7 had been added before process 1 began to read, who did not see it, and no read that began later saw it
}

func ExampleStatistics() {
	h := inTurn(
		[2]any{ask{"write", 1}, nil},
		[2]any{ask{"read", 0}, 1},
	)
	judge(checker.Statistics(checker.StatsLimits{Availability: 0.99}), h)
	judge(checker.Statistics(checker.StatsLimits{P99: time.Millisecond}), h)
	// Output:
	// valid - 2 of 2 calls ok (100 %; inside of faults 100 %, outside 100 %); ok calls took 5ms (median), 5ms (99 %), 5ms (most); 133.3 ok calls a second
	// invalid - 99 % of ok calls took up to 5ms, which is more than 1ms
}

func ExampleMeasure() {
	h := history.Of(
		history.Op{Process: history.Nemesis, Type: history.Invoke, Key: "1", Input: "partition", Time: 1 * time.Second},
		history.Op{Process: 0, Node: "n1", Type: history.Invoke, Input: ask{"read", 0}, Time: 2 * time.Second},
		history.Op{Process: 0, Node: "n1", Type: history.Info, Time: 3 * time.Second},
		history.Op{Process: history.Nemesis, Type: history.OK, Key: "1", Time: 4 * time.Second},
	)
	for _, w := range checker.Measure(h).Windows {
		fmt.Println(w.Name, w.Begin, w.End, w.Calls.Calls, w.Calls.OK, w.Calls.Info)
	}
	// Output: partition 1s 4s 1 0 1
}
