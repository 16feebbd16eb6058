package percolator_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/percolator"
)

// inCluster runs fn beside a database on three nodes, with a client of each of the first two.
func inCluster(t *testing.T, store percolator.Store, fn func(c *cluster.Cluster, a, b *percolator.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: store, Nodes: 3, Clients: 2, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(t.Context(), 4*time.Second)
		a, err := store.Open(t.Context(), c.Client(0))
		require.NoError(t, err)
		b, err := store.Open(t.Context(), c.Client(1))
		require.NoError(t, err)
		fn(c, a, b)
		require.NoError(t, a.Close())
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}

func appendTo(key string, v int) model.TxnOp {
	return model.TxnOp{F: model.TxnAppend, Key: key, Value: v}
}
func write(key string, v int) model.TxnOp { return model.TxnOp{F: model.TxnWrite, Key: key, Value: v} }
func read(key string) model.TxnOp         { return model.TxnOp{F: model.TxnRead, Key: key} }

func TestOperations(t *testing.T) {
	for _, store := range []percolator.Store{{}, {AsyncCommit: true, Shards: 3}} {
		inCluster(t, store, func(c *cluster.Cluster, a, b *percolator.Client) {
			ctx := context.Background()
			got, err := a.Txn(ctx, []model.TxnOp{read("x"), appendTo("x", 1), read("x"), appendTo("y", 2), write("r", 7), read("r")})
			require.NoError(t, err)
			assert.Nil(t, got[0].List)
			assert.Equal(t, []int{1}, got[2].List, "a transaction sees its own writes")
			assert.Equal(t, 7, got[5].Value)
			for i := range 20 {
				_, err := a.Txn(ctx, []model.TxnOp{appendTo("x", i+10), appendTo("z", i)})
				require.NoError(t, err)
			}
			got, err = b.Txn(ctx, []model.TxnOp{read("x"), read("y"), read("z"), read("r")})
			require.NoError(t, err)
			assert.Len(t, got[0].List, 21)
			assert.Equal(t, []int{2}, got[1].List)
			assert.Len(t, got[2].List, 20)
			assert.Equal(t, 7, got[3].Value)
		})
	}
}

func TestEverythingOutlivesABlackout(t *testing.T) {
	inCluster(t, percolator.Store{}, func(c *cluster.Cluster, a, _ *percolator.Client) {
		ctx := context.Background()
		for i := range 3 {
			_, err := a.Txn(ctx, []model.TxnOp{appendTo("x", i+1), appendTo("y", i+1)})
			require.NoError(t, err)
			for _, n := range c.Nodes() {
				c.Crash(n)
			}
			c.Sleep(ctx, time.Second)
			c.Heal()
			c.Sleep(ctx, 4*time.Second)
		}
		got, err := a.Txn(ctx, []model.TxnOp{read("x"), read("y")})
		require.NoError(t, err)
		assert.Equal(t, []int{1, 2, 3}, got[0].List)
		assert.Equal(t, []int{1, 2, 3}, got[1].List)
	})
}

// TestNoMajority has a transaction that reaches no majority end as certainly undone before its commit.
func TestNoMajority(t *testing.T) {
	inCluster(t, percolator.Store{}, func(c *cluster.Cluster, a, _ *percolator.Client) {
		c.Crash("n2")
		c.Crash("n3")
		_, err := a.Txn(context.Background(), []model.TxnOp{appendTo("x", 1)})
		require.Error(t, err)
		c.Heal()
		c.Sleep(context.Background(), 5*time.Second)
		got, err := a.Txn(context.Background(), []model.TxnOp{read("x")})
		require.NoError(t, err)
		assert.Empty(t, got[0].List)
	})
}

func TestOperationsThatItLacks(t *testing.T) {
	inCluster(t, percolator.Store{}, func(_ *cluster.Cluster, a, _ *percolator.Client) {
		_, err := a.Txn(context.Background(), []model.TxnOp{{F: model.TxnInsert, Key: "x", Value: 1}})
		assert.ErrorIs(t, err, model.ErrAborted)
	})
}
