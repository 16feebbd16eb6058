package raftkv_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// TestNewLeaderKeepsNodesWaiting has nodes whose disks were damaged recover while all nodes crash at once, again and again: a leader that has committed
// nothing in its term may have applied less than what such a node had acknowledged. Seeds 1, 33 and 45 of the first 60 showed it.
func TestNewLeaderKeepsNodesWaiting(t *testing.T) {
	faults, err := systems.FindNemesis("rotting-disk,blackouts")
	require.NoError(t, err)
	store := raftkv.Store{}
	recovered := 0
	for seed := range tier.Seeds(t, 1, 3) {
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: store, Workload: workloads.Register(store.Open), Nemesis: faults, Duration: 20 * time.Second, Timeout: 500 * time.Millisecond, Seed: uint64(seed) + 1,
		})
		require.NoError(t, err)
		assert.Equal(t, checker.Valid, r.Verdict, "seed %d: %s", r.Seed, r.Reason)
		recovered += r.Exercised.Marks["log recovered"]
	}
	assert.Positive(t, recovered)
}
