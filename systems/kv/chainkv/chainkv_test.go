package chainkv_test

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
	"github.com/capsize-go/capsize/systems/kv/chainkv"
	"github.com/capsize-go/capsize/workloads"
)

// sweep returns how many of the first seeds are invalid, and fails if one is not valid
// that must be. Known is a seed to begin with.
func sweep(t *testing.T, store chainkv.Store, known uint64, count int, fine bool) (invalid int) {
	t.Helper()
	test := capsize.Test{System: store, Workload: workloads.Register(store.Open), Nemesis: nemesis.Portfolio(chainkv.ElectionTimeout)}
	if fine && testing.Short() {
		test.Duration = 12 * time.Second
	}
	for test.Seed = range tier.From(known, count) {
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		if r.Verdict == checker.Invalid {
			if invalid++; invalid == 1 {
				t.Logf("seed %d: %s", test.Seed, r.Reason)
			}
			if !fine && !tier.Sweeping() {
				break
			}
		}
		if fine && r.Verdict != checker.Valid {
			t.Errorf("seed %d: %v: %s", test.Seed, r.Verdict, r.Reason)
		}
	}
	t.Logf("%d of %d seeds are invalid", invalid, count)
	return invalid
}

// known is a seed that finds a bug, where that is not one of the first.
var known = map[chainkv.Bug]uint64{chainkv.DirtyReads: 5, chainkv.AnyHead: 3, chainkv.AckBeforeSync: 9}

// TestChainkvBugs finds each bug from seeds that nobody chose.
func TestChainkvBugs(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	names, _ := chainkv.Bugs.Names()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			bug, err := chainkv.Bugs.Parse(name)
			require.NoError(t, err)
			assert.Positive(t, sweep(t, chainkv.Store{Bugs: bug}, known[bug], tier.Seeds(t, 0, 10), false))
		})
	}
}

// TestChainkvIsLinearizable finds nothing in runs without a bug, with reads from each node and
// from the tail alone: ten times as many in the long loop.
func TestChainkvIsLinearizable(t *testing.T) {
	n := tier.Seeds(t, 1, 3)
	sweep(t, chainkv.Store{}, 0, n, true)
	sweep(t, chainkv.Store{Reads: chainkv.AtTail}, 0, n, true)
}

func TestChainkvReplays(t *testing.T) {
	tier.SkipRepeats(t) // TestChainkvIsLinearizable
	store := chainkv.Store{}
	capsize.CheckDeterminism(t, capsize.Test{
		System: store, Workload: workloads.Register(store.Open), Nemesis: nemesis.Swarm(chainkv.ElectionTimeout), Seed: 3, Duration: tier.For(10*time.Second, 30*time.Second),
	})
}

// inCluster runs fn beside a chain of five nodes.
func inCluster(t *testing.T, store chainkv.Store, fn func(c *cluster.Cluster, kv *chainkv.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: store, Nodes: 5, Clients: 1, Seed: 1, Wait: synctest.Wait})
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
	for _, store := range []chainkv.Store{{}, {Reads: chainkv.AtTail}} {
		inCluster(t, store, func(c *cluster.Cluster, kv *chainkv.Client) {
			ctx := context.Background()
			for i := range 5 {
				for j := range 100 { // so that the journal is written anew
					require.NoError(t, kv.Put(ctx, fmt.Sprint("k", j), i))
				}
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

// TestAChainIsMended has nodes leave one by one, and come back: those that are gone are missed, and
// those that came back have all that was written meanwhile.
func TestAChainIsMended(t *testing.T) {
	store := chainkv.Store{}
	inCluster(t, store, func(c *cluster.Cluster, kv *chainkv.Client) {
		ctx := context.Background()
		for i, gone := range []string{"n2", "n3"} {
			c.Crash(gone)
			c.Sleep(ctx, 4*time.Second)
			require.NoError(t, kv.Put(ctx, "a", i+1))
		}
		c.Heal()
		c.Sleep(ctx, 8*time.Second)
		want, err := store.Digest(ctx, c.Client(0), "n1")
		require.NoError(t, err)
		for _, n := range c.Nodes() {
			got, err := store.Digest(ctx, c.Client(0), n)
			require.NoError(t, err)
			assert.Equal(t, want, got, n)
		}
	})
}

func TestErrNoChain(t *testing.T) {
	inCluster(t, chainkv.Store{}, func(c *cluster.Cluster, kv *chainkv.Client) {
		ctx := context.Background()
		require.NoError(t, kv.Put(ctx, "a", 1))
		c.Sleep(ctx, 200*time.Millisecond) // n1 hears that this is committed
		for _, other := range c.Nodes()[1:] {
			defer c.Cut("n1", other)()
			defer c.Cut(other, "n1")()
		}
		short, cancel := c.Client(0).WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := kv.Get(short, "a") // by its lease
		require.NoError(t, err)
		c.Sleep(ctx, 4*time.Second)
		short, cancel = c.Client(0).WithTimeout(ctx, time.Second)
		defer cancel()
		err = kv.Put(short, "a", 2)
		require.ErrorIs(t, err, chainkv.ErrNoChain)
		var certain interface{ DidNotHappen() bool }
		require.ErrorAs(t, err, &certain)
		assert.True(t, certain.DidNotHappen())
	})
}
