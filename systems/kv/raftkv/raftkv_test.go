package raftkv_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// Example tests that the store is linearizable while the network is cut.
func Example() {
	store := raftkv.Store{}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Register(store.Open),
		Nemesis:  nemesis.Every(10*time.Second, nemesis.Partitions()),
		Duration: 20 * time.Second,
		Seed:     1,
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), test)
	fmt.Println(r.Verdict, err)
	// Output: valid <nil>
}

// inCluster runs fn beside a store of three nodes that has a leader.
func inCluster(t *testing.T, store raftkv.Store, fn func(c *cluster.Cluster, kv *raftkv.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: store, Nodes: 3, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), 3*time.Second)
		kv, err := store.Open(context.Background(), c.Client(0))
		require.NoError(t, err)
		fn(c, kv)
		require.NoError(t, kv.Close())
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}

func TestRaftkvOperations(t *testing.T) {
	inCluster(t, raftkv.Store{}, func(_ *cluster.Cluster, kv *raftkv.Client) {
		v, err := kv.Get(context.Background(), "a")
		assert.Zero(t, v)
		require.NoError(t, err)
		require.NoError(t, kv.Put(context.Background(), "a", 4))
		v, err = kv.CAS(context.Background(), "a", 3, 5)
		assert.Equal(t, 4, v)
		require.NoError(t, err)
		v, err = kv.CAS(context.Background(), "a", 4, 5)
		assert.Equal(t, 4, v)
		require.NoError(t, err)
		v, err = kv.Get(context.Background(), "a")
		assert.Equal(t, 5, v)
		require.NoError(t, err)
	})
}

// TestRaftkvStampsByTheLeadersClock sets all clocks an hour back between two writes:
// the later one is not stamped earlier for that.
func TestRaftkvStampsByTheLeadersClock(t *testing.T) {
	inCluster(t, raftkv.Store{}, func(c *cluster.Cluster, kv *raftkv.Client) {
		modified := func() time.Time {
			require.NoError(t, kv.Put(context.Background(), "a", 1))
			_, err := kv.Get(context.Background(), "a")
			require.NoError(t, err)
			return kv.Modified()
		}
		first := modified()
		assert.WithinDuration(t, c.Client(0).Clock().Now(), first, time.Second)
		for _, node := range c.Nodes() {
			defer c.As("back").ImpairClock(node, cluster.ClockError{Skew: -time.Hour})()
		}
		assert.Equal(t, first, modified())
		for _, node := range c.Nodes() {
			defer c.ImpairClock(node, cluster.ClockError{Skew: 2 * time.Hour})()
		}
		assert.WithinDuration(t, first.Add(time.Hour), modified(), time.Minute)
		assert.NotEmpty(t, c.Effects())
		_, err := kv.Get(context.Background(), "b")
		require.NoError(t, err)
		assert.Zero(t, kv.Modified())
	})
}

func TestRaftkvErrors(t *testing.T) {
	inCluster(t, raftkv.Store{}, func(c *cluster.Cluster, kv *raftkv.Client) {
		for _, other := range []string{"n2", "n3"} {
			defer c.Cut("n1", other)()
			defer c.Cut(other, "n1")()
		}
		c.Sleep(context.Background(), 3*time.Second)
		ctx, cancel := c.Client(0).WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := kv.Put(ctx, "a", 1)
		require.ErrorIs(t, err, raftkv.ErrNoLeader)
		assert.EqualError(t, err, "no leader")
		var certain interface{ DidNotHappen() bool }
		require.ErrorAs(t, err, &certain)
		assert.True(t, certain.DidNotHappen())

		c.Crash("n1")
		ctx, cancel = c.Client(0).WithTimeout(context.Background(), time.Second)
		defer cancel()
		err = kv.Put(ctx, "a", 2)
		require.ErrorIs(t, err, context.DeadlineExceeded, "no node answers: indeterminate")
		assert.NotErrorIs(t, err, raftkv.ErrNoLeader)
	})
}

func TestRaftkvKeepsAllThroughBlackouts(t *testing.T) {
	inCluster(t, raftkv.Store{SnapshotEvery: 7}, func(c *cluster.Cluster, kv *raftkv.Client) {
		for i := range 40 {
			require.NoError(t, kv.Put(context.Background(), fmt.Sprint("k", i), i))
			if i%10 == 9 {
				for _, n := range c.Nodes() {
					c.Crash(n)
				}
				c.Sleep(context.Background(), time.Second)
				c.Heal()
			}
		}
		for i := range 40 {
			v, err := kv.Get(context.Background(), fmt.Sprint("k", i))
			require.NoError(t, err)
			assert.Equal(t, i, v)
		}
		count, _ := c.Marks()
		assert.Positive(t, count["snapshot"])
	})
}

// TestRaftkvBugs finds bugs from random seeds, and finds nothing in
// runs of the store without them: ten times as many in the long loop.
func TestRaftkvBugs(t *testing.T) {
	tier.SkipRepeats(t) // TestNothingIsLost
	swarm := nemesis.Swarm(raftkv.ElectionTimeout)
	lying, err := nemesis.FindPreset("lying-disk")
	require.NoError(t, err)
	reshuffle, err := nemesis.FindPreset("reshuffle")
	require.NoError(t, err)
	leader := nemesis.Every(10*time.Second, nemesis.Partitions(nemesis.Leader))
	dark := nemesis.Together(
		nemesis.Part{Number: 1, Name: "dark", Nemesis: nemesis.Every(4*time.Second, nemesis.Crashes(nemesis.Everyone))},
		nemesis.Part{Number: 2, Name: "cut", Nemesis: nemesis.Every(2*time.Second, nemesis.Partitions(nemesis.Leader, nemesis.One, nemesis.Halves))},
		nemesis.Part{Number: 3, Name: "loss", Nemesis: nemesis.Every(3*time.Second, nemesis.Lossy(0.4))},
	)
	for _, b := range []struct {
		bug     raftkv.Bug
		nemesis nemesis.Nemesis
		seeds   int
	}{
		{raftkv.LocalReads, leader, 5},
		{raftkv.NoPrefixCheck, swarm, 20},
		{raftkv.ForgetSessions, dark, 10},
		{raftkv.UnsafeMembers, reshuffle.With(raftkv.ElectionTimeout), 20},
		{raftkv.CorruptEntries, lying.With(raftkv.ElectionTimeout), 20},
	} {
		t.Run(b.bug.String(), func(t *testing.T) {
			if testing.Short() && b.bug != raftkv.LocalReads {
				t.Skip("one seed does not show it")
			}
			n := tier.Seeds(t, 1, b.seeds)
			assert.Positive(t, sweep(t, b.bug, b.nemesis, n), "of %d seeds", n)
			if b.bug != raftkv.CorruptEntries && !testing.Short() { // lying-disk is beyond what any store survives
				clean := b.seeds / 5
				if tier.Sweeping() {
					clean = 10 * n
				}
				assert.Zero(t, sweep(t, 0, b.nemesis, clean))
			}
		})
	}
}

func sweep(t *testing.T, bugs raftkv.Bug, n nemesis.Nemesis, seeds int) (invalid int) {
	t.Helper()
	store := raftkv.Store{Bugs: bugs}
	// Fsyncs that hang when all is healed queue up for longer than the default.
	test := capsize.Test{Nemesis: n, Rate: 50, Timeout: 5 * time.Second, Settle: 15 * time.Second, Stall: 5 * time.Second}
	if bugs != raftkv.CorruptEntries { // that needs a log that is long, the others snapshots
		store.SnapshotEvery = 20
	}
	test.System, test.Workload = store, workloads.Register(store.Open)
	for seed := range seeds {
		test.Seed = uint64(seed + 1)
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		if r.Verdict == checker.Invalid {
			invalid++
			if bugs == 0 {
				t.Errorf("seed %d: %s", test.Seed, r.Reason)
			} else if !tier.Sweeping() {
				return invalid
			}
		}
	}
	return invalid
}
