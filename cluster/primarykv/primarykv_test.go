package primarykv_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster/primarykv"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// Example tests that the store is linearizable while the network is cut.
func Example() {
	store := primarykv.Store{}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Register(store.Open),
		Nemesis:  nemesis.Every(10*time.Second, nemesis.Partitions()),
		Seed:     1,
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), test)
	fmt.Println(r.Verdict, err)
	// Output: valid <nil>
}

// seeds returns how many seeds a sweep takes.
func seeds(t *testing.T, n int) int {
	t.Helper()
	if text := os.Getenv("CAPSIZE_SEEDS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	return n
}

// few returns n, and fewer in a short test.
func few(n, short int) int {
	if testing.Short() {
		return short
	}
	return n
}

// sweep returns how many of the first seeds are invalid, and fails if one is that must not be. It stops at the
// first unless CAPSIZE_SEEDS has it count them.
func sweep(t *testing.T, store primarykv.Store, n nemesis.Nemesis, count int, fine bool) (invalid int) {
	t.Helper()
	if store.SnapshotEvery == 0 {
		store.SnapshotEvery = 50
	}
	// Fsyncs that hang when all is healed queue up for longer than the default.
	test := capsize.Test{Nemesis: n, Rate: 50, Timeout: 5 * time.Second, Settle: 15 * time.Second, Stall: 5 * time.Second}
	test.System, test.Workload = store, workloads.Register(store.Open)
	first := 0
	for seed := 1; seed <= count; seed++ {
		test.Seed = uint64(seed)
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		if r.Verdict == checker.Invalid {
			invalid++
			if first == 0 {
				first = seed
			}
			if !fine && os.Getenv("CAPSIZE_SEEDS") == "" {
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

// TestPrimarykvBugs finds bugs from seeds that nobody chose.
func TestPrimarykvBugs(t *testing.T) {
	portfolio := nemesis.Portfolio(primarykv.ElectionTimeout)
	for _, bug := range []primarykv.Bug{
		primarykv.NoFencing, primarykv.PromoteAny, primarykv.AckBeforeBackup,
		primarykv.ServeAfterLease, primarykv.RejoinKeepsTail,
	} {
		t.Run(bug.String(), func(t *testing.T) {
			assert.Positive(t, sweep(t, primarykv.Store{Bugs: bug}, portfolio, seeds(t, 20), false))
		})
	}
}

// TestPrimarykvIsLinearizable finds nothing in ten times as many runs without a bug.
func TestPrimarykvIsLinearizable(t *testing.T) {
	sweep(t, primarykv.Store{}, nemesis.Portfolio(primarykv.ElectionTimeout), seeds(t, few(200, 5)), true)
}
