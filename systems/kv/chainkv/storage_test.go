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
		{recordPromise, '{'}, {recordImage, '{'}, imageRecord(place{}, []byte("{")), imageRecord(place{}, append(newState().encode(), 0)), {recordEntry, '{'},
	} {
		onHost(t, [][]byte{rec}, func(h *cluster.Host) {
			assert.ErrorContains(t, Store{}.Run(context.Background(), h), "boot chainkv: journal chain: record '"+string(rec[:1])+"': ")
		})
	}
}

// TestEntriesAreJSON has the record of an entry be what package json makes of it.
func TestEntriesAreJSON(t *testing.T) {
	for _, e := range []entry{{}, {1 << 63, "n1", write{1 << 63, 3, `<"k">`, true, -4, 5}}, {7, "n\x00", write{Key: "k1", Value: 1}}} {
		assert.Equal(t, string(record(recordEntry, e)), string(e.appendJSON([]byte{recordEntry})))
	}
}

// TestSnapshotsAreOfNow has the snapshot of a state follow all that changes it, and that of a clone stay as it was.
func TestSnapshotsAreOfNow(t *testing.T) {
	s := newState()
	for _, change := range []func(){
		func() { s.apply(entry{1, "n1", write{Session: 1, Number: 1, Key: "a", Value: 1}}) },
		func() { s.apply(entry{2, "n1", write{Session: 1, Number: 2, Key: "a", Value: 2}}) },
		func() { s.apply(entry{3, "n1", write{Session: 1, Number: 2, Key: "a", Value: 3}}) },
		func() { s.apply(entry{4, "n1", write{Session: 2, Number: 1, Key: "b", CAS: true, Old: 7, Value: 4}}) },
		func() { s.commit("a", 2) },
		func() { s.commit("b", 2) },
		func() { s.apply(entry{5, "n1", write{Session: 2, Number: 2, Key: "a", Value: 5}}) },
		func() { s.truncate(4) },
	} {
		before := s.clone()
		was := string(s.snapshot())
		change()
		assert.Equal(t, string(s.encode()), string(s.snapshot()))
		assert.Equal(t, was, string(before.snapshot()))
		assert.Equal(t, was, string(before.encode()))
	}
	assert.Equal(t, map[string][]version{"a": {{2, 2}}}, s.Versions)
	again, err := restore(s.snapshot())
	require.NoError(t, err)
	assert.Equal(t, s.Versions, again.Versions)
	assert.Equal(t, s.Sessions, again.Sessions)
}

// TestALostJournalStaysLost has a node that lost what it had remember so until it has the state of another: the promise is kept.
func TestALostJournalStaysLost(t *testing.T) {
	state := newState()
	state.Versions["a"] = []version{{9, 1}}
	kept := [][]byte{record(recordPromise, 7), imageRecord(place{3, 9}, state.snapshot())}
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
