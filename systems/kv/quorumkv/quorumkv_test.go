package quorumkv_test

import (
	"context"
	"flag"
	"fmt"
	"strings"
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
	"github.com/capsize-go/capsize/systems/kv/quorumkv"
	"github.com/capsize-go/capsize/workloads"
)

// versions is the test of what the store is to keep whatever its order.
func versions(store quorumkv.Store) capsize.Test {
	return capsize.Test{System: store, Workload: workloads.Versions(store.Open), Duration: 12 * time.Second}
}

// registers is the test of linearizability, or of what another checker asks of registers.
func registers(store quorumkv.Store, c ...checker.Checker) capsize.Test {
	test := capsize.Test{System: store, Workload: workloads.Register(store.Open), Duration: 12 * time.Second}
	if len(c) > 0 {
		test.Workload.Checker = c[0]
	}
	return test
}

// lost asks that no acknowledged write is lost to an older one.
func lost() checker.Checker { return consistency.Lost(model.Register()) }

// preset returns the faults of a preset, at the pace of the store.
func preset(t *testing.T, name string) nemesis.Nemesis {
	t.Helper()
	if name == "all" {
		return nemesis.Portfolio(quorumkv.ElectionTimeout)
	}
	p, err := nemesis.FindPreset(name)
	require.NoError(t, err)
	return p.With(quorumkv.ElectionTimeout)
}

var onlyPresets = flag.String("presets", "", "the `presets` under which bugs are looked for, comma-separated; empty for those that find them")

// presets returns the names of -presets, or those given.
func presets(otherwise ...string) []string {
	if *onlyPresets != "" {
		return strings.Split(*onlyPresets, ",")
	}
	return otherwise
}

// sweep runs so many seeds, a known one first if it is not 0, and returns how many are invalid.
// It stops at the first but in the long loop.
func sweep(t *testing.T, test capsize.Test, known uint64, count int) (invalid int) {
	t.Helper()
	first, unknown := uint64(0), 0
	for seed := range tier.From(known, count) {
		test.Seed = seed
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		if r.Verdict == checker.Unknown {
			unknown++
		}
		if r.Verdict != checker.Invalid {
			continue
		}
		if invalid++; invalid == 1 {
			first = seed
			t.Logf("seed %d: %s", seed, r.Reason)
		}
		if !tier.Sweeping() {
			return invalid
		}
	}
	t.Logf("%d of %d seeds are invalid, the first of them seed %d; %d are unknown", invalid, count, first, unknown)
	return invalid
}

// inCluster runs fn beside a store of five nodes.
func inCluster(t *testing.T, store quorumkv.Store, fn func(c *cluster.Cluster, kv *quorumkv.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: store, Nodes: 5, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(t.Context(), 100*time.Millisecond)
		kv, err := store.Open(t.Context(), c.Client(0))
		require.NoError(t, err)
		fn(c, kv)
		require.NoError(t, kv.Close())
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}

func TestOperations(t *testing.T) {
	for _, store := range []quorumkv.Store{{LogLimit: 500}, {Conflict: quorumkv.HLC, Strict: true, WriteBack: true}, {Conflict: quorumkv.LWW}, {R: 1, W: 1}} {
		inCluster(t, store, func(c *cluster.Cluster, kv *quorumkv.Client) {
			ctx := context.Background()
			for i := range 200 {
				require.NoError(t, kv.Put(ctx, fmt.Sprint("k", i%10), i+1))
			}
			for _, n := range c.Nodes() {
				c.Crash(n)
			}
			c.Sleep(ctx, time.Second)
			c.Heal()
			c.Sleep(ctx, time.Second)
			v, err := kv.Get(ctx, "k9")
			require.NoError(t, err)
			assert.Equal(t, 200, v)
			values, seen, err := kv.Siblings(ctx, "k9")
			require.NoError(t, err)
			assert.Equal(t, []int{200}, values)
			require.NoError(t, kv.DeleteWith(ctx, "k9", seen))
			c.Sleep(ctx, time.Second)
			values, _, err = kv.Siblings(ctx, "k9")
			require.NoError(t, err)
			assert.Empty(t, values)
			v, err = kv.Get(ctx, "k9")
			require.NoError(t, err)
			assert.Zero(t, v)
		})
	}
}

func TestSiblings(t *testing.T) {
	inCluster(t, quorumkv.Store{}, func(_ *cluster.Cluster, kv *quorumkv.Client) {
		ctx := context.Background()
		require.NoError(t, kv.PutWith(ctx, "a", 1, quorumkv.Seen{}))
		require.NoError(t, kv.PutWith(ctx, "a", 2, quorumkv.Seen{}))
		values, seen, err := kv.Siblings(ctx, "a")
		require.NoError(t, err)
		assert.Equal(t, []int{1, 2}, values)
		require.NoError(t, kv.PutWith(ctx, "a", 3, quorumkv.Seen{}))
		require.NoError(t, kv.PutWith(ctx, "a", 4, seen))
		values, _, err = kv.Siblings(ctx, "a")
		require.NoError(t, err)
		assert.Equal(t, []int{3, 4}, values, "what it had not seen stays")
		v, err := kv.Get(ctx, "a")
		require.NoError(t, err)
		assert.Equal(t, 4, v)
		values, _, err = kv.Siblings(ctx, "a")
		require.NoError(t, err)
		assert.Equal(t, []int{4}, values, "and the reader has resolved it")
	})
}

// isolate cuts a node off from the other nodes, but not from its clients.
func isolate(c *cluster.Cluster, node string) (heal func()) {
	var others []string
	for _, n := range c.Nodes() {
		if n != node {
			others = append(others, n)
		}
	}
	return c.Partition([]string{node}, others)
}

// TestAlone isolates a node, which answers only if its quorums are of one.
func TestAlone(t *testing.T) {
	for _, alone := range []struct {
		store    quorumkv.Store
		answered bool
	}{
		{quorumkv.Store{}, false}, {quorumkv.Store{Strict: true}, false}, {quorumkv.Store{R: 1, W: 1}, true},
	} {
		inCluster(t, alone.store, func(c *cluster.Cluster, kv *quorumkv.Client) {
			ctx := context.Background()
			for i := range 20 {
				require.NoError(t, kv.Put(ctx, fmt.Sprint("k", i), 1))
			}
			heal := isolate(c, "n1")
			c.Sleep(ctx, time.Second)
			for i := range 20 {
				key := fmt.Sprint("k", i)
				short, cancel := c.Client(0).WithTimeout(ctx, 300*time.Millisecond)
				err := kv.Put(short, key, 2)
				cancel()
				if alone.answered {
					require.NoError(t, err)
					continue
				}
				require.ErrorIs(t, err, quorumkv.ErrNoQuorum)
				assert.Equal(t, "no quorum", err.Error())
			}
			heal()
			c.Sleep(ctx, 3*time.Second)
			v, err := kv.Get(ctx, "k0")
			require.NoError(t, err)
			assert.Equal(t, map[bool]int{true: 2, false: 1}[alone.answered], v)
		})
	}
}

func TestQuorumsThatCanNotBe(t *testing.T) {
	for _, store := range []quorumkv.Store{{N: 6}, {R: 4}, {W: -1}, {N: 2, R: 3}} {
		synctest.Test(t, func(t *testing.T) {
			c, err := cluster.New(cluster.Config{System: store, Nodes: 5, Clients: 1, Seed: 1, Wait: synctest.Wait})
			require.NoError(t, err)
			require.NoError(t, c.Start())
			c.Sleep(t.Context(), 100*time.Millisecond)
			c.Stop(time.Second)
			assert.NotEmpty(t, c.Findings(), "%+v", store)
		})
	}
}

func TestStoreReplays(t *testing.T) {
	tier.SkipRepeats(t) // TestPromises and TestOperations
	for _, store := range []quorumkv.Store{{LogLimit: 1000}, {Conflict: quorumkv.LWW, Strict: true, WriteBack: true}} {
		test := versions(store)
		test.Nemesis = nemesis.Swarm(quorumkv.ElectionTimeout)
		for seed := range tier.Seeds(t, 1, 2) {
			test.Seed = uint64(seed + 1)
			capsize.CheckDeterminism(t, test)
		}
	}
}
