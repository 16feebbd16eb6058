package raftkv

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// inCluster calls f with a cluster that runs sys on its nodes.
func inCluster(t *testing.T, sys cluster.System, nodes int, f func(t *testing.T, c *cluster.Cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: sys, Nodes: nodes, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		require.True(t, c.Sleep(t.Context(), time.Millisecond))
		f(t, c)
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}
