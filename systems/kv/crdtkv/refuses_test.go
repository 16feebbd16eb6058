package crdtkv

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/journal"
)

// onHost runs fn on a client of a node that answers 7 to all that it is asked.
func onHost(t *testing.T, fn func(h *cluster.Host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		seven := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
			h.Handle(func(m cluster.Message) { m.Reply(7) })
			<-ctx.Done()
			return nil
		})
		c, err := cluster.New(cluster.Config{System: seven, Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), time.Millisecond)
		fn(c.Client(0))
		c.Stop(time.Second)
	})
}

// TestClientRefuses has a node answer what is no answer.
func TestClientRefuses(t *testing.T) {
	onHost(t, func(h *cluster.Host) {
		set, err := Store{}.OpenSet(context.Background(), h)
		require.NoError(t, err)
		_, err = set.Add(context.Background(), "k", 1)
		assert.EqualError(t, err, "n1 answered int")
	})
}

// TestRunRefuses has a delta in a journal that is whole and makes no sense.
func TestRunRefuses(t *testing.T) {
	for _, name := range []string{"deltas", "copy"} {
		onHost(t, func(h *cluster.Host) {
			j, _, _, err := journal.Open(h, name)
			require.NoError(t, err)
			require.NoError(t, j.Append([]byte{recordDelta, 9}))
			require.NoError(t, j.Sync())
			assert.ErrorContains(t, Store{}.Run(context.Background(), h), "boot crdtkv: journal "+name+": ")
		})
	}
}

// TestOpenRefuses has a disk that fails the node.
func TestOpenRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), time.Millisecond)
		h := c.Client(0)
		j, _, _, err := journal.Open(h, "deltas")
		require.NoError(t, err)
		require.NoError(t, j.Append(record(&state{})))
		require.NoError(t, j.Sync())
		heal := c.ImpairDisk(h.Name(), cluster.DiskImpairment{Fail: 1})
		assert.ErrorContains(t, Store{}.Run(context.Background(), h), "boot crdtkv: journal deltas: ")
		heal()
		c.Stop(time.Second)
	})
}

func TestBugString(t *testing.T) {
	names, _ := Bugs.Names()
	for _, name := range names {
		bug, err := Bugs.Parse(name)
		require.NoError(t, err)
		assert.Equal(t, name, bug.String())
	}
}
