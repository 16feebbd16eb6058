package crdtkv_test

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
	"github.com/capsize-go/capsize/systems/kv/crdtkv"
	"github.com/capsize-go/capsize/workloads"
)

// Nodes that are cut off from each other accept adds and removes, and converge after the heal.
func Example() {
	store := crdtkv.Store{}
	test := capsize.Test{
		System:   store,
		Workload: workloads.AddWins(store.OpenSet),
		Nemesis:  nemesis.Every(3*time.Second, nemesis.Partitions()),
		Duration: 6 * time.Second,
		Seed:     1,
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), test)
	fmt.Println(r.Verdict, err)
	// Output: valid <nil>
}

// sweep returns how many of the first seeds are invalid, and fails if one is not valid
// that must be. It stops at the first invalid one unless CAPSIZE_SEEDS has it count them.
// Known is a seed to begin with.
func sweep(t *testing.T, store crdtkv.Store, w workloads.Workload, known uint64, count int, fine bool) (invalid int) {
	t.Helper()
	test := capsize.Test{System: store, Workload: w, Nemesis: nemesis.Portfolio(2 * time.Second), Duration: tier.InRace(5*time.Second, 12*time.Second)}
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
			t.Errorf("%s, seed %d: %v: %s", w.Name, test.Seed, r.Verdict, r.Reason)
		}
	}
	t.Logf("%s: %d of %d seeds are invalid", w.Name, invalid, count)
	return invalid
}

// known is a seed that finds a bug, where that is not one of the first.
var known = map[crdtkv.Bug]uint64{crdtkv.ForgetRemoved: 2, crdtkv.SkipDeltas: 6}

// TestCrdtkvBugs finds each bug from random seeds.
func TestCrdtkvBugs(t *testing.T) {
	names, _ := crdtkv.Bugs.Names()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			bug, err := crdtkv.Bugs.Parse(name)
			require.NoError(t, err)
			if testing.Short() {
				t.Skip("one seed does not show it")
			}
			store := crdtkv.Store{Bugs: bug}
			w := workloads.AddWins(store.OpenSet)
			if bug == crdtkv.DoubleGossip {
				w = workloads.Tally(store.OpenCounter)
			}
			assert.Positive(t, sweep(t, store, w, known[bug], tier.Seeds(t, 1, 30), false))
		})
	}
}

// TestCrdtkvConverges finds nothing in runs without a bug: ten times as many in the long loop.
func TestCrdtkvConverges(t *testing.T) {
	n := tier.Seeds(t, 1, 2)
	store := crdtkv.Store{}
	sweep(t, store, workloads.AddWins(store.OpenSet), 0, n, true)
	sweep(t, store, workloads.Tally(store.OpenCounter), 0, n, true)
}

func TestCrdtkvReplays(t *testing.T) {
	tier.SkipRepeats(t) // TestCrdtkvConverges
	store := crdtkv.Store{}
	capsize.CheckDeterminism(t, capsize.Test{
		System: store, Workload: workloads.AddWins(store.OpenSet), Nemesis: nemesis.Swarm(time.Second), Seed: 3, Duration: tier.For(5*time.Second, 10*time.Second),
	})
}

// TestRegistersKeepSiblings has two sides of a cut write a register: both values are
// there when it heals, until a client that has seen them writes another.
func TestRegistersKeepSiblings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := crdtkv.Store{}
		c, err := cluster.New(cluster.Config{System: store, Nodes: 2, Clients: 2, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		ctx := context.Background()
		c.Sleep(ctx, time.Second)
		a, err := store.OpenRegister(ctx, c.Client(0))
		require.NoError(t, err)
		b, err := store.OpenRegister(ctx, c.Client(1))
		require.NoError(t, err)
		require.NoError(t, a.PutWith(ctx, "k", 1, nil))
		c.Sleep(ctx, time.Second)
		_, seen, err := b.Siblings(ctx, "k")
		require.NoError(t, err)
		there, back := c.Cut("n1", "n2"), c.Cut("n2", "n1")
		require.NoError(t, a.PutWith(ctx, "k", 2, seen))
		require.NoError(t, b.PutWith(ctx, "k", 3, seen))
		there()
		back()
		c.Sleep(ctx, time.Second)
		for _, client := range []*crdtkv.Register{a, b} {
			values, _, err := client.Siblings(ctx, "k")
			require.NoError(t, err)
			assert.ElementsMatch(t, []int{2, 3}, values)
		}
		_, seen, err = b.Siblings(ctx, "k")
		require.NoError(t, err)
		require.NoError(t, b.PutWith(ctx, "k", 4, seen))
		c.Sleep(ctx, time.Second)
		values, _, err := a.Siblings(ctx, "k")
		require.NoError(t, err)
		assert.Equal(t, []int{4}, values)
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}
