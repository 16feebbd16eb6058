package chainkv

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

// onHost runs fn on a host whose journal has some records.
func onHost(t *testing.T, records [][]byte, fn func(h *cluster.Host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), time.Millisecond)
		h := c.Client(0)
		j, _, _, err := journal.Open(h, "chain")
		require.NoError(t, err)
		require.NoError(t, j.Append(records...))
		require.NoError(t, j.Sync())
		fn(h)
		c.Stop(time.Second)
	})
}

// TestRunRefuses has records that are whole and make no sense.
func TestRunRefuses(t *testing.T) {
	for _, rec := range [][]byte{
		{recordPromise, '{'}, {recordImage, '{'}, record(recordImage, image{State: []byte("{")}), {recordEntry, '{'},
	} {
		onHost(t, [][]byte{rec}, func(h *cluster.Host) {
			assert.ErrorContains(t, Store{}.Run(context.Background(), h), "boot chainkv: journal chain: record '"+string(rec[:1])+"': ")
		})
	}
}

// TestALostJournalStaysLost has a node that lost what it had remember so until it has the state of another: the promise is kept.
func TestALostJournalStaysLost(t *testing.T) {
	state := newState()
	state.Versions["a"] = []version{{9, 1}}
	kept := [][]byte{record(recordPromise, 7), record(recordImage, image{place{3, 9}, state.snapshot()})}
	onHost(t, kept, func(h *cluster.Host) {
		s, err := openStorage(h, false)
		require.NoError(t, err)
		assert.False(t, s.lost)
		assert.Equal(t, place{3, 9}, s.place)
		assert.Equal(t, state.Versions, s.kv.Versions)
	})
	onHost(t, append(kept, []byte{recordLost}), func(h *cluster.Host) {
		for range 2 {
			s, err := openStorage(h, false)
			require.NoError(t, err)
			assert.True(t, s.lost)
			assert.Equal(t, place{}, s.place)
			assert.Empty(t, s.kv.Versions)
			assert.Equal(t, uint64(7), s.promised)
		}
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
