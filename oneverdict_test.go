package capsize_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// TestOneVerdictUnderLoad judges one history again and again, in the sweep while all processors are busy, with ever larger
// budgets for the explanation from one step up: a read by a lease that had outlived its leader. It is the history of
// "capsize run --bug lease-reads --nemesis leader --seed 1", whose verdict once depended on
// how long a picture took to draw.
func TestOneVerdictUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	store := raftkv.Store{Bugs: raftkv.LeaseReads}
	r, err := capsize.Exec(t.Context(), t, capsize.Test{
		System: store, Workload: workloads.Register(store.Open), Nemesis: nemesis.Every(10*time.Second, nemesis.Partitions(nemesis.Leader)), Seed: 1, Duration: time.Minute, Timeout: 500 * time.Millisecond,
	})
	require.NoError(t, err)
	require.Equal(t, checker.Invalid, r.Verdict, r.Reason)
	require.Nil(t, r.Counterexample, "it was not asked for")
	r.Explain(t.Context())
	require.NotNil(t, r.Counterexample)
	digest, err := r.Digest()
	require.NoError(t, err)
	t.Logf("history %s: %s", digest, r.Counterexample.Reason)

	want := linearizable.New(model.Register()).Check(t.Context(), r.History).Explain(t.Context())
	require.Equal(t, r.Counterexample, want.Counterexample)
	checks := 12
	if tier.Sweeping() {
		checks = 1000
		busyProcessors(t)
	}
	whole := 0
	for n := range checks {
		steps := 1 + n*n*n
		got := linearizable.New(model.Register(), linearizable.ExplainSteps(steps)).Check(t.Context(), r.History).Draw(t.Context())
		require.Equal(t, want.Verdict, got.Verdict, "%d steps", steps)
		require.Equal(t, want.Reason, got.Reason, "%d steps", steps)
		if got.Counterexample.Note == "" {
			require.Equal(t, want.Counterexample, got.Counterexample, "%d steps", steps)
			whole++
		} else {
			require.Contains(t, got.Counterexample.Note, "for the explanation ended")
		}
	}
	t.Logf("%d checks, %d of them with the whole explanation", checks, whole)
}

// busyProcessors keeps all processors busy until the test ends.
func busyProcessors(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan bool)
	for range runtime.GOMAXPROCS(0) {
		go func() {
			for n := 0; ctx.Err() == nil; n++ {
				if n%1_000_000 == 0 {
					runtime.Gosched()
				}
			}
			done <- true
		}()
	}
	t.Cleanup(func() {
		cancel()
		for range runtime.GOMAXPROCS(0) {
			<-done
		}
	})
}
