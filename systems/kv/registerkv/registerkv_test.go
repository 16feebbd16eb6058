package registerkv_test

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
	"github.com/capsize-go/capsize/systems/kv/registerkv"
	"github.com/capsize-go/capsize/workloads"
)

// inCluster runs fn beside a store of five nodes.
func inCluster(t *testing.T, store registerkv.Store, fn func(c *cluster.Cluster, kv *registerkv.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: store, Nodes: 5, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), 100*time.Millisecond)
		kv, err := store.Open(context.Background(), c.Client(0))
		require.NoError(t, err)
		fn(c, kv)
		require.NoError(t, kv.Close())
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}

// isolate cuts a node off from the other nodes, but not from its clients.
func isolate(c *cluster.Cluster, node string) (heal func()) {
	var heals []func()
	for _, other := range c.Nodes() {
		if other != node {
			heals = append(heals, c.Cut(node, other), c.Cut(other, node))
		}
	}
	return func() {
		for _, h := range heals {
			h()
		}
	}
}

func soon(c *cluster.Cluster) (context.Context, context.CancelFunc) {
	return c.Client(0).WithTimeout(context.Background(), time.Second)
}

func TestOperations(t *testing.T) {
	inCluster(t, registerkv.Store{}, func(c *cluster.Cluster, kv *registerkv.Client) {
		ctx := context.Background()
		v, err := kv.Get(ctx, "a")
		require.NoError(t, err)
		assert.Zero(t, v)
		for i := range 1000 { // so that the journal is written anew
			require.NoError(t, kv.Put(ctx, fmt.Sprint("k", i%3), i))
		}
		for _, n := range c.Nodes() {
			c.Crash(n)
		}
		c.Sleep(ctx, time.Second)
		c.Heal()
		c.Sleep(ctx, 100*time.Millisecond)
		v, err = kv.Get(ctx, "k0")
		require.NoError(t, err)
		assert.Equal(t, 999, v)
	})
}

func TestNoQuorum(t *testing.T) {
	inCluster(t, registerkv.Store{}, func(c *cluster.Cluster, kv *registerkv.Client) {
		ctx := context.Background()
		require.NoError(t, kv.Put(ctx, "a", 1))
		heal := isolate(c, "n1")
		short, cancel := soon(c)
		defer cancel()
		_, err := kv.Get(short, "a")
		require.ErrorIs(t, err, registerkv.ErrNoQuorum)
		short, cancel = soon(c)
		defer cancel()
		err = kv.Put(short, "a", 2)
		require.Error(t, err)
		var certain interface{ DidNotHappen() bool }
		if assert.ErrorAs(t, err, &certain) {
			assert.True(t, certain.DidNotHappen())
		}
		assert.EqualError(t, err, "too few replicas answer")
		heal()
		v, err := kv.Get(ctx, "a")
		require.NoError(t, err)
		assert.Equal(t, 1, v)
		c.Crash("n1")
		short, cancel = soon(c)
		defer cancel()
		assert.ErrorIs(t, kv.Put(short, "a", 3), context.DeadlineExceeded, "no node answers: indeterminate")
	})
}

// One that reads one replica and writes all answers reads wherever a client is, and no
// write once a node is gone.
func TestReadOneWriteAll(t *testing.T) {
	inCluster(t, registerkv.Store{Reads: 1, Writes: 5}, func(c *cluster.Cluster, kv *registerkv.Client) {
		ctx := context.Background()
		require.NoError(t, kv.Put(ctx, "a", 1))
		c.Crash("n5")
		short, cancel := soon(c)
		defer cancel()
		assert.Error(t, kv.Put(short, "b", 2))
	})
}

func TestSingleNode(t *testing.T) {
	inCluster(t, registerkv.Store{Replicas: 1}, func(c *cluster.Cluster, kv *registerkv.Client) {
		ctx := context.Background()
		for _, n := range c.Nodes()[1:] {
			c.Crash(n)
		}
		require.NoError(t, kv.Put(ctx, "a", 1))
		v, err := kv.Get(ctx, "a")
		require.NoError(t, err)
		assert.Equal(t, 1, v)
	})
}

func TestQuorumsThatCanNotBe(t *testing.T) {
	for _, store := range []registerkv.Store{{Replicas: 6}, {Reads: 6}, {Writes: -1}, {Replicas: 2, Reads: 3}} {
		synctest.Test(t, func(t *testing.T) {
			c, err := cluster.New(cluster.Config{System: store, Nodes: 5, Clients: 1, Seed: 1, Wait: synctest.Wait})
			require.NoError(t, err)
			require.NoError(t, c.Start())
			c.Sleep(context.Background(), 100*time.Millisecond)
			c.Stop(time.Second)
			assert.NotEmpty(t, c.Findings(), "%+v", store)
		})
	}
}

// known is a seed that finds a bug, where that is not one of the first.
var known = map[registerkv.Bug]uint64{registerkv.NoWriteBack: 25}

// TestBugs finds bugs from random seeds, and finds nothing in ten times as many
// runs without them.
func TestBugs(t *testing.T) {
	blackouts, err := nemesis.FindPreset("blackouts")
	require.NoError(t, err)
	names, _ := registerkv.Bugs.Names()
	for i, n := range []int{30, 3, 3} {
		bug, err := registerkv.Bugs.Parse(names[i])
		require.NoError(t, err)
		t.Run(bug.String(), func(t *testing.T) {
			if testing.Short() {
				t.Skip("one seed does not show it")
			}
			n := tier.Seeds(t, 0, n)
			assert.Positive(t, sweep(t, registerkv.Store{Bugs: bug}, blackouts.With(registerkv.Store{}.ElectionTimeout()), known[bug], n), "of %d seeds", n)
		})
	}
	n := tier.Seeds(t, 1, 5)
	if tier.Sweeping() {
		n *= 10
	}
	assert.Zero(t, sweep(t, registerkv.Store{}, blackouts.With(registerkv.Store{}.ElectionTimeout()), 0, n))
	assert.Zero(t, sweep(t, registerkv.Store{}, nemesis.Portfolio(registerkv.Store{}.ElectionTimeout()), 0, n))
}

func sweep(t *testing.T, store registerkv.Store, faults nemesis.Nemesis, known uint64, seeds int) (invalid int) {
	t.Helper()
	test := capsize.Test{System: store, Workload: workloads.Register(store.Open), Nemesis: faults, Duration: 10 * time.Second}
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
