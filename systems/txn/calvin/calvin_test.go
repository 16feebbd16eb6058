package calvin_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/calvin"
	"github.com/capsize-go/capsize/workloads"
)

// inCluster runs fn beside a store of three nodes that has a sequencer.
func inCluster(t *testing.T, store calvin.Store, fn func(c *cluster.Cluster, db *calvin.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: store, Nodes: 3, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), 3*time.Second)
		db, err := store.Open(context.Background(), c.Client(0))
		require.NoError(t, err)
		fn(c, db)
		require.NoError(t, db.Close())
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}

func appendTo(key string, v int) model.TxnOp {
	return model.TxnOp{F: model.TxnAppend, Key: key, Value: v}
}
func write(key string, v int) model.TxnOp { return model.TxnOp{F: model.TxnWrite, Key: key, Value: v} }
func read(key string) model.TxnOp         { return model.TxnOp{F: model.TxnRead, Key: key} }

func TestTransactions(t *testing.T) {
	inCluster(t, calvin.Store{SnapshotEvery: 20, MoveEvery: 2}, func(c *cluster.Cluster, db *calvin.Client) {
		ctx := context.Background()
		got, err := db.Txn(ctx, []model.TxnOp{read("x"), appendTo("x", 1), read("x"), write("y", 7), read("y")})
		require.NoError(t, err)
		assert.Equal(t, "r x, append x 1, r x [1], w y 7, r y 7", model.Txn(got).String())
		var want []int
		for i := range 60 { // so that rows move, and snapshots are taken
			want = append(want, i+2)
			for { // a move aborts who was sequenced for the old shard
				_, err := db.Txn(ctx, []model.TxnOp{appendTo("l", i+2)})
				if err == nil {
					break
				}
				require.ErrorIs(t, err, model.ErrAborted)
			}
		}
		for _, n := range c.Nodes() {
			c.Crash(n)
		}
		c.Sleep(ctx, time.Second)
		c.Heal()
		got, err = db.Txn(ctx, []model.TxnOp{read("l"), read("x"), read("y")})
		require.NoError(t, err)
		assert.Equal(t, want, got[0].List)
		assert.Equal(t, []int{1}, got[1].List)
		assert.Equal(t, 7, got[2].Value)
		_, err = db.Txn(ctx, []model.TxnOp{{F: model.TxnDelete, Key: "x"}})
		assert.ErrorIs(t, err, model.ErrAborted)
	})
}

func TestNoSequencer(t *testing.T) {
	inCluster(t, calvin.Store{}, func(c *cluster.Cluster, db *calvin.Client) {
		for _, other := range []string{"n2", "n3"} {
			c.Cut("n1", other)
			c.Cut(other, "n1")
		}
		c.Sleep(context.Background(), 3*time.Second)
		ctx, cancel := c.Client(0).WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := db.Txn(ctx, []model.TxnOp{write("x", 1)})
		require.ErrorIs(t, err, calvin.ErrNoSequencer)
		assert.True(t, err.(interface{ DidNotHappen() bool }).DidNotHappen())
		assert.EqualError(t, err, "no sequencer")
		c.Crash("n1")
		ctx, cancel = c.Client(0).WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err = db.Txn(ctx, []model.TxnOp{write("x", 2)})
		assert.ErrorIs(t, err, context.DeadlineExceeded, "it is indeterminate")
	})
}

func TestOptionsThatCanNotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: calvin.Store{Shards: -1}, Nodes: 3, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), 100*time.Millisecond)
		c.Stop(time.Second)
		assert.NotEmpty(t, c.Findings())
	})
}

// TestBugs finds each bug from random seeds, and nothing without them.
func TestBugs(t *testing.T) {
	names, _ := calvin.Bugs.Names()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			if testing.Short() {
				t.Skip("one seed does not show it")
			}
			bug, err := calvin.Bugs.Parse(name)
			require.NoError(t, err)
			assert.Equal(t, name, bug.String())
			n := tier.Seeds(t, 0, 10)
			assert.Positive(t, sweep(t, calvin.Store{Bugs: bug}, "blackouts", n), "of %d seeds", n)
		})
	}
	n := tier.Seeds(t, 1, 1)
	if tier.Sweeping() {
		n *= 10
	}
	for _, faults := range []string{"blackouts", "partition", "portfolio"} {
		assert.Zero(t, sweep(t, calvin.Store{}, faults, n))
	}
}

// sweep runs seeds until one is invalid, or all of them if none is to be.
func sweep(t *testing.T, store calvin.Store, faults string, seeds int) (invalid int) {
	t.Helper()
	n, err := systems.FindNemesis(faults)
	require.NoError(t, err)
	test := capsize.Test{System: store, Workload: workloads.Append(store.Open, txn.StrictSerializable, workloads.TxnMix{}), Nemesis: n, Duration: 10 * time.Second}
	for test.Seed = range tier.From(0, seeds) {
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		if r.Verdict != checker.Invalid {
			continue
		}
		invalid++
		if store.Bugs == 0 {
			t.Errorf("seed %d under %s: %s", test.Seed, faults, r.Reason)
		} else if t.Logf("seed %d: %s", test.Seed, r.Reason); !tier.Sweeping() {
			return invalid
		}
	}
	return invalid
}

// TestRepeats runs a seed twice.
func TestRepeats(t *testing.T) {
	digest := func() string {
		store := calvin.Store{}
		n, err := systems.FindNemesis("swarm")
		require.NoError(t, err)
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: store, Workload: workloads.Append(store.Open, txn.StrictSerializable, workloads.TxnMix{}), Nemesis: n, Duration: 5 * time.Second, Seed: 3,
		})
		require.NoError(t, err)
		d, err := r.Digest()
		require.NoError(t, err)
		return d
	}
	assert.Equal(t, digest(), digest())
}
