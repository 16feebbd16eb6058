package capsize_test

// Made by: capsize replay again/raftkv-local-reads-partition-seed-1-9f08f314/failure.txt --as-test

import (
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// TestRaftkvLocalReadsRegisterSeed1 repeats a failure of seed 1: linearizable: a newer value had replaced it (read ok).
// It was minimised from 2 faults, 2,251 calls, 5 nodes to 0 faults, 2 calls, 3 nodes in 25 runs.
// register on raftkv: not linearizable
// process 4 read the initial value 0 from k4, but process 3 had swapped it for 24 33.75ms before that read began
//
// 1  0.701s  Process 3 asked to swap nil for 24, and found 0 at n1. All nodes had it, and it was acknowledged.
// 2  0.705s  n2 voted for n1: it leads term 2.
// 3  0.802s  n2 answered process 4 with 0. It asked no other node before it answered.
//
// No fault is needed.
// Without operation 1 or operation 2: it passes.
func TestRaftkvLocalReadsRegisterSeed1(t *testing.T) {
	store := raftkv.Store{Bugs: raftkv.LocalReads}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Register(store.Open),
		Seed:     1,
		Nodes:    3,
		Clients:  5,
		Rate:     100,
		Duration: time.Second,
		Timeout:  500 * time.Millisecond,
		Settle:   5 * time.Second,
		Calm:     cluster.AlwaysCalm,
		Nemesis:  nemesis.Plan{},
		Script: workloads.Script{
			{Client: 3, At: 700 * time.Millisecond, Input: model.RegisterOp{F: "cas", Key: "k4", Value: 24}}, // at n1
			{Client: 4, At: 800 * time.Millisecond, Input: model.RegisterOp{F: "read", Key: "k4"}},           // at n2
		},
	}
	want := capsize.Signature{Checker: "linearizable", Anomaly: "a newer value had replaced it", Shape: "read ok"}
	// As long as this is false, the test holds that the run shows the failure. Make it true when the bug is
	// fixed: then the test holds that the failure does not come back.
	const fixed = false
	r, err := capsize.Exec(t.Context(), t, test)
	if err != nil {
		t.Fatal(err)
	}
	if shown := r.Shows(t.Context(), want); shown == fixed {
		t.Errorf("shows %q: %v, but fixed is %v; the verdict is %v: %s", want, shown, fixed, r.Verdict, r.Reason)
	}
}
