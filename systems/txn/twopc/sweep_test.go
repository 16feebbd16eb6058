package twopc_test

import (
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

// TestBugs finds each bug from random seeds.
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
			assert.Positive(t, sweep(t, twopc.Store{Bugs: bug}, preset.With(twopc.Store{}.ElectionTimeout()), finds[bug].known, n), "of %d seeds", n)
		})
	}
}

// TestNoAlarm finds nothing in a store that is right.
func TestNoAlarm(t *testing.T) {
	assert.Zero(t, sweep(t, twopc.Store{}, nemesis.Portfolio(twopc.Store{}.ElectionTimeout()), 0, tier.Seeds(t, 1, 3)))
}

func sweep(t *testing.T, store twopc.Store, faults nemesis.Nemesis, known uint64, seeds int) (invalid int) {
	t.Helper()
	test := capsize.Test{System: store, Workload: workloads.Append(store.Open, txn.StrictSerializable, workloads.TxnMix{}), Nemesis: faults, Duration: 10 * time.Second}
	for test.Seed = range tier.From(known, seeds) {
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		if r.Verdict == checker.Invalid {
			invalid++
			if store.Bugs == 0 {
				t.Errorf("seed %d: %s", test.Seed, r.Reason)
			} else if t.Logf("seed %d: %s", test.Seed, r.Reason); !tier.Sweeping() {
				return invalid
			}
		}
	}
	return invalid
}
