package raftkv_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
)

// Two of three are members; they go on when the third is gone, and it comes to hold what
// they wrote once it is a member again, by a snapshot that was made since.
func TestRaftkvChangesMembers(t *testing.T) {
	inCluster(t, raftkv.Store{SnapshotEvery: 10}, func(c *cluster.Cluster, kv *raftkv.Client) {
		ctx := context.Background()
		wait := func(what string) {
			t.Helper()
			for end := c.Now() + 10*time.Second; !c.Reconfigured(); c.Sleep(ctx, 10*time.Millisecond) {
				require.Less(t, c.Now(), end, what)
			}
		}
		require.NoError(t, kv.Put(ctx, "a", 1))
		heal, err := c.SetMembers([]string{"n1", "n2"})
		require.NoError(t, err)
		wait("a node less")
		c.Crash("n3")
		for i := range 300 {
			require.NoError(t, kv.Put(ctx, "a", i))
		}
		c.Restart("n3")
		heal()
		wait("all of them again")
		c.Sleep(ctx, 2*time.Second)
		c.Crash("n2") // so that n3 is needed
		v, err := kv.Get(ctx, "a")
		require.NoError(t, err)
		assert.Equal(t, 299, v)
	})
}
