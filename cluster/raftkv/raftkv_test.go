package raftkv

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// exec runs one seed of the register workload on a store.
func exec(t *testing.T, test capsize.Test) *capsize.Result {
	t.Helper()
	store := test.System.(Store)
	test.Workload = workloads.Register(store.Open)
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	return r
}

func TestCluster(t *testing.T) {
	inCluster(t, Store{}, 3, func(t *testing.T, c *cluster.Cluster) {
		h := c.Client(0)
		ctx, cancel := h.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		client, err := Store{}.Open(ctx, h)
		require.NoError(t, err)
		require.NoError(t, client.Put(ctx, "x", 4))
		found, err := client.CAS(ctx, "x", 4, 5)
		require.NoError(t, err)
		assert.Equal(t, 4, found)
		value, err := client.Get(ctx, "x")
		require.NoError(t, err)
		assert.Equal(t, 5, value)
		require.Len(t, c.Leaders(), 1)
	})
}

// TestSnapshots has nodes stay away for longer than the leader keeps its log, so
// that they come back by a snapshot.
func TestSnapshots(t *testing.T) {
	r := exec(t, capsize.Test{
		System: Store{}, Seed: 1, Nodes: 3, Rate: 400, Duration: 20 * time.Second,
		Nemesis: nemesis.Plan{
			{ID: 1, At: time.Second, For: 8 * time.Second, Fault: nemesis.Crashes(nemesis.OneNode)},
			{ID: 2, At: 10 * time.Second, For: 8 * time.Second, Fault: nemesis.Crashes(nemesis.TheLeader)},
		},
	})
	assert.Equal(t, checker.Valid, r.Verdict, r.Reason)
	assert.Equal(t, 2, r.Exercised.Crashes)
}
