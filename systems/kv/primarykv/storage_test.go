package primarykv

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

func records() []byte {
	b := encode(nil, record{Epoch: 1, From: 1, Entries: []entry{{1, write{Op: opPut, Key: "a", Value: 1}}, {1, write{}}}})
	b = encode(b, record{Epoch: 2, Chosen: "n2"})
	return encode(b, record{Epoch: 2, From: 2, Entries: []entry{{2, write{Op: opPut, Key: "a", Value: 2}}}})
}

// TestRecordsAreJSON has a record be what package json makes of it, and be read again as it was.
func TestRecordsAreJSON(t *testing.T) {
	first, second := entry{7, write{opCAS, 1 << 63, 3, `<"k">`, -4, 5}}, entry{Epoch: 8}
	for _, r := range []record{
		{}, {Epoch: 1, Chosen: "n1"}, {From: 9}, {Epoch: 2, From: 4, Entries: []entry{first}},
		{Epoch: 1 << 63, Chosen: "n\x00", From: 4, Entries: []entry{first, second, first}},
		{Base: &place{1, 2}, Snapshot: []byte("{}"), From: 3, Entries: []entry{second}}, {Lost: true}, {Snapshot: []byte("x")},
	} {
		want, err := json.Marshal(r)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(r.appendJSON(nil)))
		got, rest, ok := decode(append(encode(nil, r), "rest"...))
		assert.True(t, ok)
		assert.Equal(t, r, got)
		assert.Equal(t, "rest", string(rest))
	}
}

// reopened returns the storage of a host whose log holds data.
func reopened(t *testing.T, data []byte, look func(s *storage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var h *cluster.Host
		idle := cluster.Func(func(ctx context.Context, host *cluster.Host) error {
			h = host
			<-ctx.Done()
			return nil
		})
		c, err := cluster.New(cluster.Config{System: idle, Nodes: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(t.Context(), time.Millisecond)
		f, err := h.Disk().Open("log")
		require.NoError(t, err)
		_, err = f.Write(data)
		require.NoError(t, err)
		s, err := openStorage(h)
		require.NoError(t, err)
		look(s)
		c.Stop(time.Second)
	})
}

func TestReplayReplacesTails(t *testing.T) {
	reopened(t, records(), func(s *storage) {
		assert.Equal(t, place{2, 2}, s.last())
		assert.Equal(t, uint64(2), s.epoch)
		assert.Equal(t, 2, s.entries[1].Write.Value)
		assert.False(t, s.lost)
	})
}

func TestReplayCutsWhatACrashTore(t *testing.T) {
	data := records()
	reopened(t, data[:len(data)-3], func(s *storage) {
		assert.Equal(t, place{1, 2}, s.last())
		assert.False(t, s.lost)
		s.append(3, []entry{{2, write{}}})
		again, err := openStorage(s.h)
		require.NoError(t, err)
		assert.Equal(t, place{2, 3}, again.last())
	})
}

func TestReplayKnowsDamageBySyncedRecordsBehindIt(t *testing.T) {
	data := records()
	data[20] ^= 1
	reopened(t, data, func(s *storage) {
		assert.True(t, s.lost)
		assert.Equal(t, uint64(2), s.epoch, "the epoch is salvaged")
		again, err := openStorage(s.h)
		require.NoError(t, err)
		assert.True(t, again.lost, "until the primary sends its state")
		again.reset(place{2, 9}, []byte(`{"Values":{"a":5}}`))
		again, err = openStorage(s.h)
		require.NoError(t, err)
		assert.False(t, again.lost)
		assert.Equal(t, place{2, 9}, again.last())
	})
}
