package capsize_test

// Made by: capsize replay again/quorumkv-ack-before-sync-crash-seed-1-a726e4be/failure.txt --as-test

import (
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/quorumkv"
	"github.com/capsize-go/capsize/workloads"
)

// TestQuorumkvAckBeforeSyncVersionsSeed1 repeats a failure of seed 1: survival: a process wrote N to K and was answered, but it is lost: no call that had seen it replaced it, and in the end there is V (final ok).
// It was minimised from 2 faults, 2,214 calls, 5 nodes to 1 fault, 2 calls, 1 node in 43 runs.
// versions on quorumkv: a write was lost or came back
// process 2 wrote 363 to k6 and was answered, but it is lost: no call that had seen it replaced it, and in the
// end there is []
//
// 1  3.801s  Process 2 wrote 363 at n1. A majority had it, and it was acknowledged.
// 2  3.901s  The nemesis crashed n1. n1 lost 37 unsynced bytes.
// 3  9.340s  Process 2: final → null.
//
// Without the faults, operation 1 or operation 2: it passes.
func TestQuorumkvAckBeforeSyncVersionsSeed1(t *testing.T) {
	store := quorumkv.Store{Bugs: quorumkv.AckBeforeSync}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Versions(store.Open),
		Seed:     1,
		Nodes:    1,
		Clients:  3,
		Rate:     100,
		Duration: 4 * time.Second,
		Timeout:  500 * time.Millisecond,
		Settle:   5 * time.Second,
		Calm:     cluster.AlwaysCalm,
		Nemesis: nemesis.Plan{
			{ID: 1, At: 3900 * time.Millisecond, For: 5 * time.Second, Fault: nemesis.Crashes(nemesis.Victim("majority=n1"))},
		},
		Script: workloads.Script{
			{Client: 2, At: 3800 * time.Millisecond, Input: workloads.VersionsOp{F: "write", Key: "k6", Value: 363}}, // at n1
			{Client: 2, Final: true, Input: workloads.VersionsOp{F: "final", Key: "k6"}},                             // at n1
		},
	}
	want := capsize.Signature{Checker: "survival", Anomaly: "a process wrote N to K and was answered, but it is lost: no call that had seen it replaced it, and in the end there is V", Shape: "final ok"}
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
