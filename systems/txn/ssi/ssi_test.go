package ssi_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/ssi"
)

// inCluster runs fn beside a database on three nodes, with a client of each of the first two.
func inCluster(t *testing.T, store ssi.Store, fn func(c *cluster.Cluster, a, b *ssi.Client)) {
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
	inCluster(t, ssi.Store{}, func(c *cluster.Cluster, a, b *ssi.Client) {
		ctx := context.Background()
		got, err := a.Txn(ctx, []model.TxnOp{read("x"), appendTo("x", 1), read("x"), appendTo("y", 2), write("r", 7), read("r")})
		require.NoError(t, err)
		assert.Nil(t, got[0].List)
		assert.Equal(t, []int{1}, got[2].List, "a transaction sees its own writes")
		assert.Equal(t, 7, got[5].Value)
		c.Sleep(ctx, 200*time.Millisecond)
		got, err = b.Txn(ctx, []model.TxnOp{read("x"), read("y"), appendTo("x", 3)})
		require.NoError(t, err)
		assert.Equal(t, []int{1}, got[0].List)
		assert.Equal(t, []int{2}, got[1].List)
	})
}

// TestEverythingOutlivesABlackout holds a session to what it has seen and written, through crashes of all nodes.
func TestEverythingOutlivesABlackout(t *testing.T) {
	inCluster(t, ssi.Store{}, func(c *cluster.Cluster, a, _ *ssi.Client) {
		ctx := context.Background()
		for i := range 3 {
			got, err := a.Txn(ctx, []model.TxnOp{read("x"), appendTo("x", i+1), appendTo("y", i+1)})
			require.NoError(t, err)
			assert.Len(t, got[0].List, i)
			for _, n := range c.Nodes() {
				c.Crash(n)
			}
			c.Sleep(ctx, time.Second)
			c.Heal()
			c.Sleep(ctx, 5*time.Second)
		}
	})
}

func TestANodeWithoutAMajorityAnswersNothing(t *testing.T) {
	inCluster(t, ssi.Store{}, func(c *cluster.Cluster, a, _ *ssi.Client) {
		defer c.Partition([]string{"n1"}, []string{"n2", "n3"})()
		c.Sleep(context.Background(), 5*time.Second)
		_, err := a.Txn(context.Background(), []model.TxnOp{read("x")})
		assert.ErrorIs(t, err, model.ErrAborted)
	})
}

// TestPhantoms has two transactions each look at the rows of a value, see none, and insert one: no order of the two explains that.
func TestPhantoms(t *testing.T) {
	for _, row := range []struct {
		bugs ssi.Bug
		both bool
	}{{0, false}, {ssi.LockRowsOnly, true}} {
		inCluster(t, ssi.Store{Bugs: row.bugs}, func(c *cluster.Cluster, a, b *ssi.Client) {
			var errs [2]error
			for i, client := range []*ssi.Client{a, b} {
				go func() {
					_, errs[i] = client.Txn(context.Background(), []model.TxnOp{
						{F: model.TxnReadAll, Key: "[= 1]"},
						{F: model.TxnInsert, Key: []string{"ann", "ben"}[i], Value: 1},
					})
				}()
			}
			c.Sleep(context.Background(), time.Second)
			assert.Equal(t, row.both, errs[0] == nil && errs[1] == nil, "%v: %v", row.bugs, errs)
			got, err := b.Txn(context.Background(), []model.TxnOp{{F: model.TxnReadAll, Key: "[= 1]"}})
			require.NoError(t, err)
			if row.both {
				assert.Equal(t, map[string]int{"ann": 1, "ben": 1}, got[0].Rows)
			} else {
				assert.LessOrEqual(t, len(got[0].Rows), 1)
			}
		})
	}
}

func TestRows(t *testing.T) {
	inCluster(t, ssi.Store{}, func(_ *cluster.Cluster, a, _ *ssi.Client) {
		ctx := context.Background()
		insert, remove := model.TxnOp{F: model.TxnInsert, Key: "ann", Value: 3}, model.TxnOp{F: model.TxnDelete, Key: "ann"}
		all := model.TxnOp{F: model.TxnReadAll, Key: "[= 3]"}
		_, err := a.Txn(ctx, []model.TxnOp{remove})
		require.ErrorIs(t, err, model.ErrAborted, "there is no such row")
		got, err := a.Txn(ctx, []model.TxnOp{insert, all, read("ann")})
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"ann": 3}, got[1].Rows)
		assert.Equal(t, 3, got[2].Value)
		_, err = a.Txn(ctx, []model.TxnOp{insert})
		require.ErrorIs(t, err, model.ErrAborted, "there is such a row")
		got, err = a.Txn(ctx, []model.TxnOp{remove, all})
		require.NoError(t, err)
		assert.Empty(t, got[1].Rows)
		_, err = a.Txn(ctx, []model.TxnOp{{F: model.TxnReadAll, Key: "[> 3]"}})
		assert.ErrorIs(t, err, model.ErrAborted, "there are no other predicates")
	})
}
