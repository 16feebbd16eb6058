package ssi_test

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
	"github.com/capsize-go/capsize/systems/txn/ssi"
	"github.com/capsize-go/capsize/workloads"
)

// Example tests that the database keeps its isolation level while the network is cut.
func Example() {
	store := ssi.Store{}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Append(store.Open, txn.StrictSerializable, workloads.TxnMix{}),
		Nemesis:  nemesis.Every(5*time.Second, nemesis.Partitions()),
		Duration: 6 * time.Second,
		Seed:     1,
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), test)
	fmt.Println(r.Verdict, err)
	// Output: valid <nil>
}

// judged returns the test of a store by what it claims.
func judged(store ssi.Store, claim txn.Model, faults nemesis.Nemesis) capsize.Test {
	return capsize.Test{
		System: store, Workload: workloads.Append(store.Open, claim, workloads.TxnMix{}),
		Nemesis: faults, Duration: 8 * time.Second, Rate: 100,
	}
}

// claim returns what a store claims.
func claim(store ssi.Store) txn.Model {
	if store.ReadsAtReplicas() {
		return txn.SnapshotIsolation
	}
	return txn.StrictSerializable
}

// preset returns the faults of that name.
func preset(t *testing.T, name string) nemesis.Nemesis {
	t.Helper()
	if name == "none" {
		return nemesis.None
	}
	p, err := nemesis.FindPreset(name)
	require.NoError(t, err)
	return p.With(cluster.Pace(ssi.Store{}))
}

// TestBugs finds each bug from random seeds, by a cycle of few transactions.
func TestBugs(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	for _, row := range []struct {
		bug    ssi.Bug
		faults string
		known  uint64 // a seed that finds it, if that is not one of the first
	}{
		{ssi.ForgetReaders, "none", 0},
		{ssi.NoReadOnlyLocks, "none", 0},
		{ssi.VisibleOutOfOrder, "none", 0},
	} {
		t.Run(row.bug.String(), func(t *testing.T) {
			test := judged(ssi.Store{Bugs: row.bug}, claim(ssi.Store{Bugs: row.bug}), preset(t, row.faults))
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
	for _, store := range []ssi.Store{{}, {Reads: ssi.AtReplica}} {
		test := judged(store, claim(store), nemesis.Portfolio(cluster.Pace(store)))
		for test.Seed = range tier.From(0, tier.Seeds(t, 1, 2)) {
			r, err := capsize.Exec(t.Context(), t, test)
			require.NoError(t, err)
			assert.Equal(t, checker.Valid, r.Verdict, "%+v, seed %d: %s", store, test.Seed, r.Reason)
		}
	}
}

func TestReplays(t *testing.T) {
	test := judged(ssi.Store{}, txn.StrictSerializable, nemesis.Swarm(cluster.Pace(ssi.Store{})))
	test.Seed, test.Duration = 3, 4*time.Second
	capsize.CheckDeterminism(t, test)
}
