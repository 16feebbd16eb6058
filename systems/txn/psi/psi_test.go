package psi_test

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
	"github.com/capsize-go/capsize/checker/txn/levels"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/psi"
	"github.com/capsize-go/capsize/workloads"
)

// inCluster runs fn beside a store of three nodes that has a sequencer.
func inCluster(t *testing.T, store psi.Store, fn func(c *cluster.Cluster, db *psi.Client)) {
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
	inCluster(t, psi.Store{}, func(c *cluster.Cluster, db *psi.Client) {
		ctx := context.Background()
		got, err := db.Txn(ctx, []model.TxnOp{read("x"), appendTo("x", 1), read("x"), write("y", 7), read("y")})
		require.NoError(t, err)
		assert.Equal(t, "r x, append x 1, r x [1], w y 7, r y 7", model.Txn(got).String())
		var want []int
		for i := range 600 { // so that checkpoints are taken
			want = append(want, i+2)
			_, err := db.Txn(ctx, []model.TxnOp{appendTo("l", i+2)})
			require.NoError(t, err)
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

// TestAlone has a site commit on its own what it is preferred for, and nothing else, while it is cut off.
func TestAlone(t *testing.T) {
	inCluster(t, psi.Store{}, func(c *cluster.Cluster, db *psi.Client) {
		for _, other := range []string{"n2", "n3"} {
			c.Cut("n1", other)
			c.Cut(other, "n1")
		}
		committed, refused := 0, 0
		for _, key := range []string{"a", "b", "c", "d", "e", "f"} {
			_, err := db.Txn(context.Background(), []model.TxnOp{write(key, 1)})
			if err == nil {
				committed++
			} else if assert.ErrorIs(t, err, model.ErrAborted) {
				refused++
			}
		}
		assert.Equal(t, 2, committed, "of six keys, two belong to each of the three sites")
		assert.Equal(t, 4, refused)
		c.Crash("n1")
		ctx, cancel := c.Client(0).WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := db.Txn(ctx, []model.TxnOp{write("x", 2)})
		assert.ErrorIs(t, err, context.DeadlineExceeded, "it is indeterminate")
	})
}

// TestLongForks finds histories that are not of snapshot isolation, and are of parallel snapshot isolation.
func TestLongForks(t *testing.T) {
	n, err := systems.FindNemesis("partition")
	require.NoError(t, err)
	store := psi.Store{}
	forks := 0
	for seed := range uint64(8) {
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: store, Workload: workloads.Append(store.Open, txn.ParallelSnapshotIsolation, workloads.TxnMix{}), Nemesis: n, Duration: 15 * time.Second, Seed: seed,
		})
		require.NoError(t, err)
		require.Equal(t, checker.Valid, r.Verdict, "seed %d: %s", seed, r.Reason)
		h, err := txn.Of(r.History)
		require.NoError(t, err)
		report, err := levels.Judge(t.Context(), h, txn.Options{Models: []txn.Model{txn.ParallelSnapshotIsolation, txn.SnapshotIsolation}})
		require.NoError(t, err)
		for _, f := range report.Findings {
			if f.Model == txn.SnapshotIsolation && f.Verdict == checker.Invalid {
				forks++
				assert.Equal(t, "G-nonadjacent-item", report.Anomalies[f.Anomaly].Type, "seed %d", seed)
			}
			if f.Model == txn.ParallelSnapshotIsolation {
				assert.Equal(t, checker.Valid, f.Verdict, "seed %d", seed)
			}
		}
		if forks > 0 && !tier.Sweeping() {
			break
		}
	}
	assert.Positive(t, forks)
}

// known is a seed that finds a bug, where that is not one of the first.
var known = map[psi.Bug]uint64{psi.VolatileLocks: 7}

// TestBugs finds each bug from random seeds, and nothing without them.
func TestBugs(t *testing.T) {
	names, _ := psi.Bugs.Names()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			if testing.Short() {
				t.Skip("one seed does not show it")
			}
			bug, err := psi.Bugs.Parse(name)
			require.NoError(t, err)
			assert.Equal(t, name, bug.String())
			n := tier.Seeds(t, 0, 40)
			assert.Positive(t, sweep(t, psi.Store{Bugs: bug}, "blackouts", n), "of %d seeds", n)
		})
	}
	n := tier.Seeds(t, 1, 1)
	if tier.Sweeping() {
		n *= 10
	}
	for _, faults := range []string{"blackouts", "partition", "portfolio"} {
		assert.Zero(t, sweep(t, psi.Store{}, faults, n))
	}
}

// sweep runs seeds until one is invalid, or all of them if none is to be.
func sweep(t *testing.T, store psi.Store, faults string, seeds int) (invalid int) {
	t.Helper()
	n, err := systems.FindNemesis(faults)
	require.NoError(t, err)
	test := capsize.Test{System: store, Workload: workloads.Append(store.Open, txn.ParallelSnapshotIsolation, workloads.TxnMix{}), Nemesis: n, Duration: 10 * time.Second}
	for test.Seed = range tier.From(known[store.Bugs], seeds) {
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
		store := psi.Store{}
		n, err := systems.FindNemesis("swarm")
		require.NoError(t, err)
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: store, Workload: workloads.Append(store.Open, txn.ParallelSnapshotIsolation, workloads.TxnMix{}), Nemesis: n, Duration: 5 * time.Second, Seed: 3,
		})
		require.NoError(t, err)
		d, err := r.Digest()
		require.NoError(t, err)
		return d
	}
	assert.Equal(t, digest(), digest())
}
