package front_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/front"
)

// serve is a node that answers each transaction with the status that the key of its first operation names, and counts.
func serve(counts map[string]int) cluster.Func {
	return func(ctx context.Context, h *cluster.Host) error {
		door := front.NewDoor(h)
		h.Handle(func(m cluster.Message) {
			r := m.Body.(*front.Request)
			if !door.Admit(m, r) {
				return
			}
			key := r.Ops[0].Key
			counts[key]++
			status := map[string]front.Status{"aborted": front.Aborted, "lost": front.Lost}[key]
			m.Reply(front.Response{Status: status, Ops: r.Ops})
		})
		<-ctx.Done()
		return nil
	}
}

func in(t *testing.T, fn func(c *cluster.Cluster, client *front.Client, counts map[string]int)) {
	synctest.Test(t, func(t *testing.T) {
		counts := map[string]int{}
		c, err := cluster.New(cluster.Config{System: serve(counts), Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		c.Sleep(context.Background(), 10*time.Millisecond)
		fn(c, front.New(c.Client(0), model.TxnRead), counts)
		c.Stop(time.Second)
	})
}

func ops(key string) []model.TxnOp { return []model.TxnOp{{F: model.TxnRead, Key: key}} }

func TestHowTransactionsEnd(t *testing.T) {
	in(t, func(c *cluster.Cluster, client *front.Client, counts map[string]int) {
		_, err := client.Txn(context.Background(), ops("x"))
		require.NoError(t, err)
		_, err = client.Txn(context.Background(), ops("aborted"))
		require.ErrorIs(t, err, model.ErrAborted)
		_, err = client.Txn(context.Background(), ops("lost"))
		require.ErrorIs(t, err, front.ErrLost)
		assert.False(t, model.IsAborted(err))
		c.Crash("n1")
		c.Restart("n1")
		c.Sleep(context.Background(), 10*time.Millisecond)
		_, err = client.Txn(context.Background(), ops("x"))
		require.NoError(t, err, "it asks again once it knows that the node has another life")
		assert.Equal(t, 2, counts["x"])
		_, err = client.Txn(context.Background(), []model.TxnOp{{F: model.TxnWrite, Key: "x"}})
		assert.ErrorIs(t, err, model.ErrAborted, "it is not one of the operations that the database has")
	})
}

// TestCopies has the network double messages: none is carried out twice.
func TestCopies(t *testing.T) {
	in(t, func(c *cluster.Cluster, client *front.Client, counts map[string]int) {
		defer c.Impair("c0", "n1", cluster.Impairment{Double: 1})()
		for range 20 {
			_, err := client.Txn(context.Background(), ops("x"))
			require.NoError(t, err)
		}
		c.Sleep(context.Background(), time.Second)
		assert.Equal(t, 20, counts["x"])
	})
}

func Example() {
	in(new(testing.T), func(_ *cluster.Cluster, client *front.Client, _ map[string]int) {
		got, err := client.Txn(context.Background(), ops("x"))
		fmt.Println(model.Txn(got), err)
		_, err = client.Txn(context.Background(), ops("aborted"))
		fmt.Println(err)
	})
	// Output:
	// r x <nil>
	// the transaction was aborted
}
