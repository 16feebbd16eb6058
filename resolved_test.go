package capsize_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/chainkv"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// TestResolvedRepeats shows that a plan whose faults say what they chose makes the very same run, for every preset, and that
// it draws nothing more of what was chosen: also with the steps' IDs changed, it chooses the same.
func TestResolvedRepeats(t *testing.T) {
	raft, chain := raftkv.Store{}, chainkv.Store{}
	tests := map[string]capsize.Test{
		"raftkv":  {System: raft, Workload: workloads.Register(raft.Open), Duration: 8 * time.Second, Settle: time.Second},
		"chainkv": {System: chain, Workload: workloads.Register(chain.Open), Duration: 8 * time.Second, Settle: time.Second},
	}
	presets := nemesis.Presets()
	presets = append(presets, nemesis.Preset{Name: "amounts", With: func(time.Duration) nemesis.Nemesis {
		parts := nemesis.Victims()
		return nemesis.Stagger(200*time.Millisecond, nemesis.ClockSkew(0, parts...), nemesis.ClockDrift(0, parts...), nemesis.BitRot(0, parts...),
			nemesis.Slow(0), nemesis.ClockSkew(0, nemesis.EveryClient, nemesis.OneClient))
	}})
	for name, test := range tests {
		for i, p := range presets {
			if testing.Short() && i%5 != 0 {
				continue
			}
			seeds := tier.Seeds(t, 1, 1)
			if p.Name == "swarm" {
				seeds = tier.Seeds(t, 1, 4)
			}
			for seed := range uint64(seeds) {
				test.Seed, test.Nemesis = seed+1, p.With(300*time.Millisecond)
				first, err := capsize.Exec(t.Context(), t, test)
				require.NoError(t, err)
				again := first.Test
				again.Nemesis = first.Resolved()
				second, err := capsize.Exec(t.Context(), t, again)
				require.NoError(t, err)
				require.Empty(t, first.Diff(second), "%s under %s, seed %d", name, p.Name, test.Seed)
				assert.Equal(t, first.Resolved(), second.Resolved(), "a plan that is resolved stays as it is")
			}
		}
	}
}

// TestResolvedOfOthers shows that a fault made for a program stays as it is, also if it injects others.
func TestResolvedOfOthers(t *testing.T) {
	inner := nemesis.Partitions(nemesis.Halves)
	own := misfault{inject: func(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
		return inner.Inject(ctx, c, r)
	}}
	raft := raftkv.Store{}
	r, err := capsize.Exec(t.Context(), t, capsize.Test{
		System: raft, Workload: workloads.Register(raft.Open), Duration: 4 * time.Second, Settle: time.Second,
		Nemesis: nemesis.Plan{
			{ID: 1, At: time.Second, For: time.Second, Fault: own},
			{ID: 2, At: time.Second, For: time.Second, Fault: nemesis.Crashes(nemesis.Hosts("n7"))},
			{ID: 3, At: time.Second, For: time.Second, Fault: nemesis.Crashes(nemesis.Everyone)},
		},
	})
	require.NoError(t, err)
	require.Equal(t, 1, r.Exercised.Idle, "there is no n7")
	p := r.Resolved()
	assert.Equal(t, own.String(), p[0].Fault.String())
	assert.Equal(t, nemesis.Crashes(nemesis.Hosts("n7")), p[1].Fault)
	assert.Len(t, p[2].Fault.String(), len("crash n1 n2 n3 n4 n5"))
}
