package hlc_test

import (
	"context"
	"errors"
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
	"github.com/capsize-go/capsize/systems/txn/hlc"
	"github.com/capsize-go/capsize/workloads"
)

// inCluster runs fn beside a store of three nodes that has a sequencer.
func inCluster(t *testing.T, store hlc.Store, fn func(c *cluster.Cluster, db *hlc.Client)) {
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
	inCluster(t, hlc.Store{}, func(c *cluster.Cluster, db *hlc.Client) {
		ctx := context.Background()
		got, err := db.Txn(ctx, []model.TxnOp{read("x"), appendTo("x", 1), read("x"), write("y", 7), read("y")})
		require.NoError(t, err)
		assert.Equal(t, "r x, append x 1, r x [1], w y 7, r y 7", model.Txn(got).String())
		var want []int
		for i := range 120 { // so that snapshots are taken
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

// TestCutOff has a node refuse what it can't get done, and say that it is aborted.
func TestCutOff(t *testing.T) {
	inCluster(t, hlc.Store{}, func(c *cluster.Cluster, db *hlc.Client) {
		for _, other := range []string{"n2", "n3"} {
			c.Cut("n1", other)
			c.Cut(other, "n1")
		}
		c.Sleep(context.Background(), 3*time.Second)
		_, err := db.Txn(context.Background(), []model.TxnOp{write("x", 1)})
		require.ErrorIs(t, err, model.ErrAborted)
		c.Crash("n1")
		ctx, cancel := c.Client(0).WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err = db.Txn(ctx, []model.TxnOp{write("x", 2)})
		assert.ErrorIs(t, err, context.DeadlineExceeded, "it is indeterminate")
	})
}

// TestClocksFarApart reads at a node whose clock is far behind what was written at one whose clock is far ahead, as nemeses set them.
func TestClocksFarApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, ctx := hlc.Store{}, context.Background()
		c, err := cluster.New(cluster.Config{System: store, Nodes: 3, Clients: 2, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(ctx, 3*time.Second)
		c.ImpairClock("n1", cluster.ClockError{Skew: 100 * time.Second})
		c.ImpairClock("n2", cluster.ClockError{Skew: -100 * time.Second})
		fast, err := store.Open(ctx, c.Client(0))
		require.NoError(t, err)
		slow, err := store.Open(ctx, c.Client(1))
		require.NoError(t, err)
		for i := range 5 {
			_, err = fast.Txn(ctx, []model.TxnOp{write("x", i+1)})
			require.NoError(t, err)
			got, err := slow.Txn(ctx, []model.TxnOp{read("x")})
			require.NoError(t, err)
			assert.Equal(t, i+1, got[0].Value)
		}
		require.NoError(t, errors.Join(fast.Close(), slow.Close()))
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}

// known is a seed that finds a bug, where that is not one of the first.
var known = map[hlc.Bug]uint64{hlc.ForgetReads: 6}

// TestBugs finds each bug from random seeds, and nothing without them.
func TestBugs(t *testing.T) {
	names, _ := hlc.Bugs.Names()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			if testing.Short() {
				t.Skip("one seed does not show it")
			}
			bug, err := hlc.Bugs.Parse(name)
			require.NoError(t, err)
			assert.Equal(t, name, bug.String())
			n := tier.Seeds(t, 0, 40)
			assert.Positive(t, sweep(t, hlc.Store{Bugs: bug}, "clock-scramble", n), "of %d seeds", n)
		})
	}
	n := tier.Seeds(t, 1, 1)
	if tier.Sweeping() {
		n *= 10
	}
	for _, faults := range []string{"blackouts", "partition", "portfolio"} {
		assert.Zero(t, sweep(t, hlc.Store{}, faults, n))
	}
}

// sweep runs seeds until one is invalid, or all of them if none is to be.
func sweep(t *testing.T, store hlc.Store, faults string, seeds int) (invalid int) {
	t.Helper()
	n, err := systems.FindNemesis(faults)
	require.NoError(t, err)
	test := capsize.Test{System: store, Workload: workloads.Append(store.Open, txn.PerKeyStrictSerializable, workloads.TxnMix{}), Nemesis: n, Duration: 10 * time.Second}
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
		store := hlc.Store{}
		n, err := systems.FindNemesis("swarm")
		require.NoError(t, err)
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: store, Workload: workloads.Append(store.Open, txn.PerKeyStrictSerializable, workloads.TxnMix{}), Nemesis: n, Duration: 5 * time.Second, Seed: 3,
		})
		require.NoError(t, err)
		d, err := r.Digest()
		require.NoError(t, err)
		return d
	}
	assert.Equal(t, digest(), digest())
}
