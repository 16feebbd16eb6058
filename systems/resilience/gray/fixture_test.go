package gray_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// onNode runs a test on a cluster of one node.
func onNode(t *testing.T, system cluster.System, test func(t *testing.T, c *cluster.Cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: system, Nodes: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(t.Context(), time.Second)
		test(t, c)
		c.Stop(time.Minute)
		require.Empty(t, c.Findings())
	})
}
