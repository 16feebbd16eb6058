package capsize_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// TestBrokenGroupsDoNotFlood asks that nodes which contradict each other don't do so
// ever more often: stale votes leave leaders whose followers deny what they had, and the
// network doubles what they say. Seed 44 sent 34 million messages before denials were dropped.
func TestBrokenGroupsDoNotFlood(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	store := raftkv.Store{Bugs: raftkv.StaleVote}
	test := capsize.Test{
		System: store, Workload: workloads.Register(store.Open), Nemesis: nemesis.Swarm(raftkv.ElectionTimeout),
		Rate: 50, Duration: 12 * time.Second, Stall: 5 * time.Second,
	}
	first, end := uint64(44), uint64(50)
	if tier.Sweeping() {
		first, end = 40, 60
	}
	for seed := first; seed < end; seed++ {
		sent := uint64(0)
		count := misfault{inject: func(_ context.Context, w *cluster.Cluster, _ *randV2) (string, func(), error) {
			sent = w.Stats().Sent
			return "", func() {}, nil
		}}
		each := test
		each.Seed = seed
		each.Nemesis = nemesis.Together(
			nemesis.Part{Number: 1, Name: "swarm", Nemesis: nemesis.Swarm(raftkv.ElectionTimeout)},
			nemesis.Part{Number: 100, Name: "count", Nemesis: nemesis.At(test.Duration-time.Millisecond, time.Millisecond, count)},
		)
		_, err := capsize.Exec(t.Context(), t, each)
		require.NoError(t, err)
		assert.Positive(t, sent)
		assert.Less(t, sent, uint64(50_000), "seed %d", seed)
	}
}
