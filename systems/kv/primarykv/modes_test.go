package primarykv_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/consistency"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/primarykv"
	"github.com/capsize-go/capsize/workloads"
)

// leaderCut cuts off the primary from the other nodes, for longer than its lease.
var leaderCut = nemesis.Every(10*time.Second, nemesis.Partitions(nemesis.Leader))

// TestWhatReplicationLoses counts the writes that were answered and are gone.
func TestWhatReplicationLoses(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, mode := range []struct {
		name  string
		store primarykv.Store
		loses bool
	}{
		{"sync", primarykv.Store{}, false},
		{"semi-sync", primarykv.Store{Replication: primarykv.SemiSync}, false},
		{"semi-sync that degrades", primarykv.Store{Replication: primarykv.SemiSync, Degrade: 100 * time.Millisecond}, true},
		{"async", primarykv.Store{Replication: primarykv.Async}, true},
		{"async without failover", primarykv.Store{Replication: primarykv.Async, Failover: primarykv.Fixed}, false},
	} {
		t.Run(mode.name, func(t *testing.T) {
			acked, gone := losses(t, mode.store, tier.Seeds(t, 2, 2))
			t.Logf("%d of %d acknowledged writes are lost", gone, acked)
			assert.Equal(t, mode.loses, gone > 0)
		})
	}
}

// losses counts acknowledged writes on three nodes, all keys and seeds together.
func losses(t *testing.T, store primarykv.Store, count int) (acked, gone int) {
	t.Helper()
	for seed := 1; seed <= count; seed++ {
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: store, Workload: workloads.RegisterOver(store.Open, 200), Nodes: 3, Nemesis: leaderCut, Seed: uint64(seed), Rate: 50,
		})
		require.NoError(t, err)
		n, err := consistency.CountLosses(model.Register(), r.History)
		require.NoError(t, err)
		acked, gone = acked+n.Acked, gone+n.NeverVisible+n.Vanished
		for _, c := range r.Checks { // replicas converge, whatever was lost
			if c.Checker != "register" && c.Checker != "linearizable" {
				assert.NotEqual(t, checker.Invalid, c.Verdict, "seed %d: %s: %s", seed, c.Checker, c.Reason)
			}
		}
	}
	return acked, gone
}

func TestReadsAnywhereAreStale(t *testing.T) {
	assert.Positive(t, sweep(t, primarykv.Store{Reads: primarykv.Anywhere}, leaderCut, 0, tier.Seeds(t, 1, 5), false))
}

func TestPrimarykvReplays(t *testing.T) {
	tier.SkipRepeats(t) // TestPrimarykvIsLinearizable and TestOperationsThroughBlackouts
	store := primarykv.Store{SnapshotEvery: 50}
	capsize.CheckDeterminism(t, capsize.Test{
		System: store, Workload: workloads.Register(store.Open), Nemesis: nemesis.Swarm(primarykv.ElectionTimeout), Seed: 3, Duration: tier.For(10*time.Second, 30*time.Second),
	})
}

// inCluster runs fn beside a store of three nodes that has a primary.
func inCluster(t *testing.T, store primarykv.Store, fn func(c *cluster.Cluster, kv *primarykv.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: store, Nodes: 3, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(t.Context(), 4*time.Second)
		kv, err := store.Open(t.Context(), c.Client(0))
		require.NoError(t, err)
		fn(c, kv)
		require.NoError(t, kv.Close())
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}

func TestOperationsThroughBlackouts(t *testing.T) {
	for _, mode := range []primarykv.Store{{SnapshotEvery: 3}, {Failover: primarykv.Fixed}} {
		inCluster(t, mode, func(c *cluster.Cluster, kv *primarykv.Client) {
			ctx := context.Background()
			for i := range 10 {
				require.NoError(t, kv.Put(ctx, "a", i))
				for _, n := range c.Nodes() {
					c.Crash(n)
				}
				c.Sleep(ctx, time.Second)
				c.Heal()
				c.Sleep(ctx, 4*time.Second)
				found, err := kv.CAS(ctx, "a", i, i+1)
				require.NoError(t, err)
				assert.Equal(t, i, found)
				found, err = kv.Get(ctx, "a")
				require.NoError(t, err)
				assert.Equal(t, i+1, found)
			}
		})
	}
}

func TestErrNoPrimary(t *testing.T) {
	inCluster(t, primarykv.Store{}, func(c *cluster.Cluster, kv *primarykv.Client) {
		for _, other := range []string{"n2", "n3"} {
			defer c.Cut("n1", other)()
			defer c.Cut(other, "n1")()
		}
		c.Sleep(context.Background(), 4*time.Second)
		ctx, cancel := c.Client(0).WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := kv.Put(ctx, "a", 1)
		require.ErrorIs(t, err, primarykv.ErrNoPrimary)
		var certain interface{ DidNotHappen() bool }
		require.ErrorAs(t, err, &certain)
		assert.True(t, certain.DidNotHappen())
	})
}
