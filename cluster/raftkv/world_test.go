package raftkv

import (
	"context"
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

// lives gives one host a life for each function, with a crash after each. What
// was not synced by then is lost.
func lives(t *testing.T, fs ...func(t *testing.T, h *cluster.Host)) {
	t.Helper()
	life := 0
	lived := make(chan struct{}, len(fs))
	var inner *testing.T
	sys := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		if life < len(fs) {
			life++
			func() {
				defer func() { lived <- struct{}{} }()
				fs[life-1](inner, h)
			}()
		}
		<-ctx.Done()
		return nil
	})
	synctest.Test(t, func(t *testing.T) {
		inner = t
		lived = make(chan struct{}, len(fs)) // of the bubble
		c, err := cluster.New(cluster.Config{System: sys, Nodes: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		for range fs {
			<-lived
			require.True(t, c.Sleep(t.Context(), time.Second))
			c.Crash("n1")
			c.Restart("n1")
		}
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}
