package consistency_test

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/consistency"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

func put(process int, key string, v int) history.Op {
	return history.Op{Process: process, Input: model.RegisterOp{F: "write", Key: key, Value: v}}
}

func get(process int, key string, v int) history.Op {
	return history.Op{Process: process, Input: model.RegisterOp{F: "read", Key: key}, Output: v}
}

func ExampleReadYourWrites() {
	h := checkertest.Sequence(put(1, "x", 5), get(1, "x", 0))
	fmt.Println(consistency.ReadYourWrites(model.Register()).Check(context.Background(), h).Reason)
	// Output: process 1 read the initial value 0 from x, though it had written 5 itself 10ms before
}

func ExampleMonotonicReads() {
	h := checkertest.Sequence(put(1, "x", 5), get(2, "x", 5), get(2, "x", 0))
	fmt.Println(consistency.MonotonicReads(model.Register()).Check(context.Background(), h).Reason)
	// Output: process 2 read the initial value 0 from x, though it had read 5, which is newer, 10ms before
}

func ExampleMonotonicWrites() {
	h := checkertest.Sequence(put(1, "x", 5), put(1, "y", 6), get(2, "y", 6), get(2, "x", 0))
	fmt.Println(consistency.MonotonicWrites(model.Register()).Check(context.Background(), h).Reason)
	// Output: process 2 read the initial value 0 from x, though it had read 6 from y, before which process 1 had written 5 to x
}

func ExampleWritesFollowReads() {
	h := checkertest.Sequence(put(1, "x", 5), get(2, "x", 5), put(2, "y", 6), get(3, "y", 6), get(3, "x", 0))
	fmt.Println(consistency.WritesFollowReads(model.Register()).Check(context.Background(), h).Reason)
	// Output: process 3 read the initial value 0 from x, though it had read 6 from y, before which process 2 had read 5 from x
}

// The reply 6 is seen, and the question 5, which its writer had answered, is not.
func ExampleCausal() {
	h := checkertest.Sequence(put(1, "x", 5), get(2, "x", 5), put(2, "y", 6), get(3, "y", 6), get(3, "x", 0))
	fmt.Println(consistency.Causal(model.Register()).Check(context.Background(), h).Reason)
	// Output: process 3 read the initial value 0 from x, though the write of 5 by process 1 happened before that
}

// Two replicas apply two writes in different orders, and stay apart.
func ExampleCausalConvergent() {
	h := checkertest.Sequence(put(1, "x", 5), put(2, "x", 6), get(3, "x", 5), get(3, "x", 6), get(4, "x", 6), get(4, "x", 5))
	fmt.Println(consistency.CausalMemory(model.Register()).Check(context.Background(), h).Verdict)
	r := consistency.CausalConvergent(model.Register()).Check(context.Background(), h)
	fmt.Println(r.Verdict)
	fmt.Println(r.Reason)
	// Output:
	// valid
	// invalid
	// process 4 read 5 from x, though the write of 6 happened before, and process 3 read 6 from x, though the write of 5 happened before: no one order of the two explains both
}

// Process 2 sees the other's write over its own, and then its own again. Causal
// consistency lets each read look back at another order; causal memory does not.
func ExampleCausalMemory() {
	h := checkertest.Sequence(put(1, "x", 5), put(2, "x", 6), get(2, "x", 5), get(2, "x", 6))
	fmt.Println(consistency.Causal(model.Register()).Check(context.Background(), h).Verdict)
	r := consistency.CausalMemory(model.Register()).Check(context.Background(), h)
	fmt.Println(r.Verdict)
	fmt.Println(r.Reason)
	// Output:
	// valid
	// invalid
	// no order of 2 writes that puts causes before effects explains what process 2 saw: it read 6 from x last
}

func ExampleSequential() {
	h := checkertest.Sequence(put(1, "x", 5), get(1, "y", 0), put(2, "y", 6), get(2, "x", 0)) // each misses the other's write
	r := consistency.Sequential(model.Register()).Check(context.Background(), h)
	fmt.Println(r.Verdict, len(r.Counterexample.Calls))
	fmt.Println(r.Reason)
	// Output:
	// invalid 4
	// no one order of 4 calls keeps the order of 2 sessions and explains all answers
}

func ExampleMeasureStaleness() {
	h := checkertest.Sequence(put(1, "x", 5), put(1, "x", 6), put(1, "x", 7), get(2, "x", 5), get(2, "x", 7))
	s, err := consistency.MeasureStaleness(model.Register(), h)
	fmt.Println(s, err)
	fmt.Println(s.Age, s.Delta, s.MaxBehind, s.KLow)
	// Output:
	// 1 of 2 reads is stale, by 30ms at most, and behind by 2 versions at most; 3-atomic; Δ = 30ms <nil>
	// 30ms 30ms 2 3
}

func ExampleLost() {
	h := checkertest.Sequence(put(1, "x", 5), put(1, "x", 6), get(2, "x", 5))
	r := consistency.Lost(model.Register()).Check(context.Background(), h)
	fmt.Println(r.Reason)
	fmt.Println(r.Counterexample.Reason)
	// Output:
	// of 2 writes answered, 1 visible in the end and 0 overwritten, 1 lost and never seen
	// process 1 wrote 6 to x and was answered, but no read ever saw it: process 2 read 5 from x, which is older
}

func ExampleConvergent() {
	h := checkertest.Sequence(put(1, "x", 5), put(2, "x", 6), get(3, "x", 5), get(4, "x", 6))
	fmt.Println(consistency.Convergent(model.Register()).Check(context.Background(), h).Reason)
	// Output: after all writes had ended, process 3 read 5 from x, and process 4 read 6 from x
}

func ExamplePRAM() {
	h := checkertest.Sequence(put(1, "x", 5), put(1, "y", 6), get(2, "y", 6), get(2, "x", 0))
	fmt.Println(consistency.PRAM(model.Register()).Check(context.Background(), h).Verdict)
	// Output: invalid
}

func ExampleTwoAtomic() {
	h := checkertest.Sequence(put(1, "x", 5), put(1, "x", 6), get(2, "x", 5), put(1, "x", 7), get(2, "x", 5))
	fmt.Println(consistency.TwoAtomic(model.Register()).Check(context.Background(), h).Reason)
	// Output: process 2 read 5 from x, which is not one of the two last values in any order of the writes
}

func ExampleNew() {
	h := checkertest.Sequence(put(1, "x", 5), get(2, "x", 0), get(2, "x", 5))
	r := consistency.New(model.Register()).Check(context.Background(), h)
	fmt.Println(r.Reason)
	for _, p := range r.Parts {
		if p.Verdict == checker.Invalid {
			fmt.Printf("%s: %s\n", p.Checker, p.Reason)
		}
	}
	// Output:
	// 3 calls satisfy sequential, 2-atomic, convergent
	// linearizable: the only key is not linearizable
}
