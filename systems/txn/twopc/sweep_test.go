package twopc_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/txn/twopc"
	"github.com/capsize-go/capsize/workloads"
)

// finds is the preset that finds a bug, and a seed of it.
var finds = map[twopc.Bug]struct {
	preset string
	known  uint64
}{
	twopc.ForgetCommit:   {"blackouts", 1},
	twopc.AbortAfterYes:  {"blackouts", 1},
	twopc.UnlockEarly:    {"blackouts", 1},
	twopc.UnlockReads:    {"gray", 1},
	twopc.PresumeTooSoon: {"reshuffle", 0},
	twopc.VolatileYes:    {"blackouts", 1},
	twopc.ForgetLocks:    {"blackouts", 1},
}

// TestBugs finds each bug from random seeds. Half of what it finds shows in four transactions or less.
func TestBugs(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	names, _ := twopc.Bugs.Names()
	for _, name := range names {
		bug, err := twopc.Bugs.Parse(name)
		require.NoError(t, err)
		t.Run(name, func(t *testing.T) {
			preset, err := nemesis.FindPreset(finds[bug].preset)
			require.NoError(t, err)
			n := tier.Seeds(t, 0, 20)
			sizes := sweep(t, twopc.Store{Bugs: bug}, preset.With(twopc.Store{}.ElectionTimeout()), finds[bug].known, n)
			require.NotEmpty(t, sizes, "of %d seeds", n)
			slices.Sort(sizes)
			assert.LessOrEqual(t, sizes[len(sizes)/2], 4)
			t.Logf("%s: %d of %d seeds, in the median %d transactions", finds[bug].preset, len(sizes), n, sizes[len(sizes)/2])
		})
	}
}

// TestNoAlarm finds nothing in a store that is right.
func TestNoAlarm(t *testing.T) {
	assert.Empty(t, sweep(t, twopc.Store{}, nemesis.Portfolio(twopc.Store{}.ElectionTimeout()), 0, tier.Seeds(t, 1, 3)))
}

// TestRepeats runs a seed twice: its histories are the same, byte for byte.
func TestRepeats(t *testing.T) {
	store := twopc.Store{Bugs: twopc.UnlockEarly}
	digest := func() string {
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: store, Workload: workloads.Append(store.Open, txn.StrictSerializable, workloads.TxnMix{}),
			Nemesis: nemesis.Swarm(store.ElectionTimeout()), Duration: 5 * time.Second, Seed: 3,
		})
		require.NoError(t, err)
		d, err := r.Digest()
		require.NoError(t, err)
		return d
	}
	assert.Equal(t, digest(), digest())
}

// sweep returns how many transactions show what is wrong with each seed that is invalid. Out of the long loop it ends at the first.
func sweep(t *testing.T, store twopc.Store, faults nemesis.Nemesis, known uint64, seeds int) (sizes []int) {
	t.Helper()
	test := capsize.Test{System: store, Workload: workloads.Append(store.Open, txn.StrictSerializable, workloads.TxnMix{}), Nemesis: faults, Duration: 10 * time.Second}
	for test.Seed = range tier.From(known, seeds) {
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		if store.Bugs == 0 {
			assert.Equal(t, checker.Valid, r.Verdict, "seed %d: %s", test.Seed, r.Reason)
		}
		if r.Verdict != checker.Invalid {
			continue
		}
		t.Logf("seed %d: %s", test.Seed, r.Reason)
		size := 1
		if r.Counterexample != nil {
			size = len(r.Counterexample.Calls)
		}
		if sizes = append(sizes, size); store.Bugs != 0 && !tier.Sweeping() {
			break
		}
	}
	return sizes
}
