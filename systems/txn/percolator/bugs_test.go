package percolator_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/txn/percolator"
	"github.com/capsize-go/capsize/workloads"
)

// Example tests that the database keeps its isolation level while the network is cut.
func Example() {
	store := percolator.Store{}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Append(store.Open, txn.StrongSnapshotIsolation, workloads.TxnMix{}),
		Nemesis:  nemesis.Every(5*time.Second, nemesis.Partitions()),
		Duration: 6 * time.Second,
		Seed:     1,
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), test)
	fmt.Println(r.Verdict, err)
	// Output: valid <nil>
}

// judged returns the test of a store by what it claims.
func judged(store percolator.Store, claim txn.Model, faults nemesis.Nemesis) capsize.Test {
	return capsize.Test{
		System: store, Workload: workloads.Append(store.Open, claim, workloads.TxnMix{}),
		Nemesis: faults, Duration: 8 * time.Second, Rate: 100,
	}
}

// preset returns the faults of that name.
func preset(t *testing.T, name string) nemesis.Nemesis {
	t.Helper()
	if name == "none" {
		return nemesis.None
	}
	p, err := nemesis.FindPreset(name)
	require.NoError(t, err)
	return p.With(cluster.Pace(percolator.Store{}))
}

// TestBugs finds each bug from random seeds, by a cycle of few transactions.
func TestBugs(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	for _, row := range []struct {
		bug    percolator.Bug
		faults string
		known  uint64 // a seed that finds it, if that is not one of the first
	}{
		{percolator.BlindRetry, "none", 0},
		{percolator.RollBackLive, "none", 0},
		{percolator.EarlyCommitTime, "none", 0},
		{percolator.OracleGoesBack, "isolate-leader", 0},
		{percolator.AsyncBelowReads, "none", 0},
		{percolator.SkipOldLocks, "gray", 0},
		{percolator.ForwardBlindly, "gray", 0},
	} {
		t.Run(row.bug.String(), func(t *testing.T) {
			test := judged(percolator.Store{Bugs: row.bug}, txn.StrongSnapshotIsolation, preset(t, row.faults))
			found, tried := 0, 0
			for test.Seed = range tier.From(row.known, tier.Seeds(t, 0, 30)) {
				r, err := capsize.Exec(t.Context(), t, test)
				require.NoError(t, err)
				tried++
				if r.Verdict == checker.Invalid {
					found++
					t.Logf("seed %d: %s", test.Seed, r.Reason)
					if !tier.Sweeping() {
						break
					}
				}
			}
			assert.Positive(t, found, "of %d seeds", tried)
		})
	}
}

// TestKeepsItsPromise finds nothing in runs without a bug.
func TestKeepsItsPromise(t *testing.T) {
	for _, store := range []percolator.Store{{}, {AsyncCommit: true}} {
		test := judged(store, txn.StrongSnapshotIsolation, nemesis.Portfolio(cluster.Pace(store)))
		for test.Seed = range tier.From(0, tier.Seeds(t, 1, 2)) {
			r, err := capsize.Exec(t.Context(), t, test)
			require.NoError(t, err)
			assert.Equal(t, checker.Valid, r.Verdict, "%+v, seed %d: %s", store, test.Seed, r.Reason)
		}
	}
}

func TestReplays(t *testing.T) {
	test := judged(percolator.Store{}, txn.StrongSnapshotIsolation, nemesis.Swarm(cluster.Pace(percolator.Store{})))
	test.Seed, test.Duration = 3, 4*time.Second
	capsize.CheckDeterminism(t, test)
}
