package twopc_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/twopc"
)

// inCluster runs fn in a cluster of three nodes with a client of each.
func inCluster(t *testing.T, store twopc.Store, fn func(c *cluster.Cluster, db []*twopc.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: store, Nodes: 3, Clients: 3, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), 100*time.Millisecond)
		var db []*twopc.Client
		for i := range 3 {
			client, err := store.Open(context.Background(), c.Client(i))
			require.NoError(t, err)
			db = append(db, client)
		}
		fn(c, db)
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}

func soon(c *cluster.Cluster) (context.Context, context.CancelFunc) {
	return c.Client(0).WithTimeout(context.Background(), time.Second)
}

func appendTo(key string, value int) model.TxnOp {
	return model.TxnOp{F: model.TxnAppend, Key: key, Value: value}
}

func read(key string) model.TxnOp { return model.TxnOp{F: model.TxnRead, Key: key} }

// TestOperations has lists and registers, and a transaction that reads what it has written itself.
func TestOperations(t *testing.T) {
	inCluster(t, twopc.Store{}, func(c *cluster.Cluster, db []*twopc.Client) {
		ctx := context.Background()
		out, err := db[0].Txn(ctx, []model.TxnOp{read("a"), appendTo("a", 1), appendTo("b", 2), read("a"), appendTo("a", 3), {F: model.TxnWrite, Key: "r", Value: 7}, read("r")})
		require.NoError(t, err)
		assert.Empty(t, out[0].List)
		assert.Equal(t, []int{1}, out[3].List)
		assert.Equal(t, 7, out[6].Value)
		out, err = db[1].Txn(ctx, []model.TxnOp{read("b"), read("a"), read("r"), read("none")})
		require.NoError(t, err)
		assert.Equal(t, "r b [2], r a [1 3], r r 7, r none", model.Txn(out).String())
		out, err = db[2].Txn(ctx, nil)
		require.NoError(t, err)
		assert.Empty(t, out)
	})
}

// TestRows has rows that are inserted once, found by their value, and deleted.
func TestRows(t *testing.T) {
	inCluster(t, twopc.Store{}, func(c *cluster.Cluster, db []*twopc.Client) {
		ctx := context.Background()
		insert := func(key string, value int) model.TxnOp {
			return model.TxnOp{F: model.TxnInsert, Key: key, Value: value}
		}
		all := model.TxnOp{F: model.TxnReadAll, Key: "[= 3]"}
		remove := model.TxnOp{F: model.TxnDelete, Key: "ann"}
		out, err := db[0].Txn(ctx, []model.TxnOp{all, insert("ann", 3), insert("bob", 3), insert("cid", 4), all, remove, all})
		require.NoError(t, err)
		assert.Equal(t, "rp [= 3] map[], insert ann 3, insert bob 3, insert cid 4, rp [= 3] map[ann:3 bob:3], delete ann, rp [= 3] map[bob:3]", model.Txn(out).String())
		for why, ops := range map[string][]model.TxnOp{
			"there is no such row": {remove}, "there is such a row": {insert("bob", 5)}, "the only predicates are like [= 3]": {{F: model.TxnReadAll, Key: "true"}},
		} { // order: none of them has an effect
			_, err = db[1].Txn(ctx, ops)
			require.True(t, model.IsAborted(err))
			require.ErrorContains(t, err, why)
		}
		for _, n := range c.Nodes() {
			c.Crash(n)
		}
		c.Heal()
		c.Sleep(ctx, 300*time.Millisecond)
		out, err = db[2].Txn(ctx, []model.TxnOp{all, read("ann"), read("bob")})
		require.NoError(t, err)
		assert.Equal(t, "rp [= 3] map[bob:3], r ann, r bob 3", model.Txn(out).String())
	})
}

// TestDurable has all nodes lose power, after enough transactions for their journals to be written anew.
func TestDurable(t *testing.T) {
	inCluster(t, twopc.Store{}, func(c *cluster.Cluster, db []*twopc.Client) {
		ctx := context.Background()
		var want []int
		for i := 1; i <= 600; i++ {
			_, err := db[i%3].Txn(ctx, []model.TxnOp{appendTo("a", i), {F: model.TxnWrite, Key: "b", Value: i}, {F: model.TxnWrite, Key: "c", Value: i}})
			require.NoError(t, err)
			want = append(want, i)
		}
		for _, n := range c.Nodes() {
			c.Crash(n)
		}
		c.Sleep(ctx, time.Second)
		c.Heal()
		c.Sleep(ctx, 300*time.Millisecond)
		out, err := db[0].Txn(ctx, []model.TxnOp{read("a"), read("b"), read("c")})
		require.NoError(t, err)
		assert.Equal(t, want, out[0].List)
		assert.Equal(t, 600, out[1].Value)
		assert.Equal(t, 600, out[2].Value)
	})
}

// TestUnavailable has a transaction on a key whose node is down: it is aborted, and the error says that it did not happen. Others go on.
func TestUnavailable(t *testing.T) {
	inCluster(t, twopc.Store{}, func(c *cluster.Cluster, db []*twopc.Client) {
		keys := keysByNode(c)
		c.Crash("n3")
		ctx, cancel := soon(c)
		defer cancel()
		_, err := db[0].Txn(ctx, []model.TxnOp{appendTo(keys["n1"], 11), appendTo(keys["n3"], 12)})
		require.True(t, model.IsAborted(err), "%v", err)
		out, err := db[1].Txn(ctx, []model.TxnOp{read(keys["n1"]), read(keys["n2"])})
		require.NoError(t, err)
		assert.NotContains(t, out[0].List, 11)
		_, err = db[2].Txn(ctx, []model.TxnOp{read(keys["n1"])})
		require.ErrorIs(t, err, context.DeadlineExceeded, "no node answers: indeterminate")
		require.False(t, model.IsAborted(err))
	})
}

// keysByNode returns a key of each node.
func keysByNode(c *cluster.Cluster) map[string]string {
	keys := map[string]string{}
	for _, key := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		keys[twopc.OwnerOf(key, c.Nodes())] = key
	}
	return keys
}
