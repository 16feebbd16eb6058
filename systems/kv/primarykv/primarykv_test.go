package primarykv_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/primarykv"
	"github.com/capsize-go/capsize/workloads"
)

// Example tests that the store is linearizable while the network is cut.
func Example() {
	store := primarykv.Store{}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Register(store.Open),
		Nemesis:  nemesis.Every(5*time.Second, nemesis.Partitions()),
		Duration: 12 * time.Second,
		Seed:     1,
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), test)
	fmt.Println(r.Verdict, err)
	// Output: valid <nil>
}

// sweep returns how many of the first seeds are invalid, and fails if one is that must not be. It stops at the
// first unless CAPSIZE_SEEDS has it count them. Known is a seed to begin with.
func sweep(t *testing.T, store primarykv.Store, n nemesis.Nemesis, known uint64, count int, fine bool) (invalid int) {
	t.Helper()
	if store.SnapshotEvery == 0 {
		store.SnapshotEvery = 50
	}
	// Fsyncs that hang when all is healed queue up for longer than the default.
	test := capsize.Test{Nemesis: n, Rate: 50, Timeout: 5 * time.Second, Settle: 15 * time.Second, Stall: 5 * time.Second}
	test.System, test.Workload = store, workloads.Register(store.Open)
	if fine && testing.Short() {
		test.Duration = 15 * time.Second
	}
	first := uint64(0)
	for seed := range tier.From(known, count) {
		test.Seed = seed
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		if r.Verdict == checker.Invalid {
			invalid++
			if first == 0 {
				first = seed
			}
			if !fine && !tier.Sweeping() {
				break
			}
		}
		if fine && r.Verdict != checker.Valid {
			t.Errorf("seed %d: %v: %s", seed, r.Verdict, r.Reason)
		}
	}
	t.Logf("%d of %d seeds are invalid, the first of them seed %d", invalid, count, first)
	return invalid
}

// known is a seed that finds a bug, where that is not one of the first.
var known = map[primarykv.Bug]uint64{primarykv.NoFencing: 7, primarykv.PromoteAny: 3, primarykv.ServeAfterLease: 18, primarykv.RejoinKeepsTail: 13}

// TestPrimarykvBugs finds bugs from random seeds.
func TestPrimarykvBugs(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	portfolio := nemesis.Portfolio(primarykv.ElectionTimeout)
	for _, bug := range []primarykv.Bug{
		primarykv.NoFencing, primarykv.PromoteAny, primarykv.AckBeforeBackup,
		primarykv.ServeAfterLease, primarykv.RejoinKeepsTail,
	} {
		t.Run(bug.String(), func(t *testing.T) {
			assert.Positive(t, sweep(t, primarykv.Store{Bugs: bug}, portfolio, known[bug], tier.Seeds(t, 0, 20), false))
		})
	}
}

// TestPrimarykvIsLinearizable finds nothing in runs without a bug: ten times as many in the long loop.
func TestPrimarykvIsLinearizable(t *testing.T) {
	sweep(t, primarykv.Store{}, nemesis.Portfolio(primarykv.ElectionTimeout), 0, tier.Seeds(t, 1, 4), true)
}
