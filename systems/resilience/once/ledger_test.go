package once

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// TestRead reads the lines before the first that a crash tore.
func TestRead(t *testing.T) {
	for _, x := range []struct {
		name, data string
		whole      int
		ids        []int
	}{
		{"empty", "", 0, nil},
		{"whole", "12 34\n13 56\n", 12, []int{12, 13}},
		{"torn in the number", "12 34\n1", 6, []int{12}},
		{"torn in the instant", "12 34\n13 5", 6, []int{12}},
		{"a line after a hole", "12 34\n\x00\x00\x00\x0014 56\n", 6, []int{12}},
		{"two lines in one", "12 34\n1314 56 78\n", 6, []int{12}},
	} {
		began, whole := read([]byte(x.data))
		assert.Equal(t, x.whole, whole, x.name)
		assert.Len(t, began, len(x.ids), x.name)
		for _, id := range x.ids {
			assert.Contains(t, began, id, x.name)
		}
	}
}

// TestFailedSync has two payments written at one instant, and the first sync fail, which drops both: neither may count as durable.
func TestFailedSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := make([]error, 2)
		var c *cluster.Cluster
		lives := 0
		service := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
			l, err := Service{Table: Kept}.withDefaults().open(ctx, h)
			if err != nil {
				return err
			}
			if lives++; lives == 1 {
				c.ImpairDisk(h.Name(), cluster.DiskImpairment{FailSyncs: 1})
				var both sync.WaitGroup
				for id := range errs {
					both.Go(func() { errs[id] = l.write(id, 0) })
				}
				both.Wait()
			}
			assert.Empty(t, l.done, "the disk has no payment")
			<-ctx.Done()
			return nil
		})
		var err error
		c, err = cluster.New(cluster.Config{System: service, Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), 3*time.Second)
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
		assert.Equal(t, 2, lives, "the service stops and restarts")
		for _, err := range errs {
			assert.Error(t, err)
		}
	})
}
