package journal

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// onHost runs each function on a host with a disk, and crashes it in between.
func onHost(t *testing.T, lives ...func(h *cluster.Host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), time.Millisecond)
		for _, live := range lives {
			live(c.Client(0))
			c.Sleep(context.Background(), 10*time.Millisecond)
			c.Crash("c0")
			c.Sleep(context.Background(), time.Millisecond)
			c.Restart("c0")
			c.Sleep(context.Background(), time.Millisecond)
		}
		c.Stop(time.Second)
	})
}

func open(t *testing.T, h *cluster.Host) (j *Journal, records []string, damaged bool) {
	t.Helper()
	j, all, damaged, err := Open(h, "j")
	require.NoError(t, err)
	for _, rec := range all {
		records = append(records, string(rec))
	}
	return j, records, damaged
}

func TestKeepsWhatWasSynced(t *testing.T) {
	onHost(t, func(h *cluster.Host) {
		j, records, damaged := open(t, h)
		assert.Empty(t, records)
		assert.False(t, damaged)
		require.NoError(t, j.Append([]byte("a1"), []byte("a2")))
		require.NoError(t, j.Sync())
		require.NoError(t, h.Sleep(10*time.Millisecond))
		j.Wake()
		require.NoError(t, j.Append([]byte("lost")))
	}, func(h *cluster.Host) {
		j, records, damaged := open(t, h)
		assert.Equal(t, []string{"a1", "a2"}, records)
		assert.False(t, damaged)
		require.NoError(t, j.Append([]byte("b")))
		require.NoError(t, j.Replace([]byte("c1"), []byte("c2")))
		require.NoError(t, j.Append([]byte("d")))
		require.NoError(t, j.Sync())
	}, func(h *cluster.Host) {
		_, records, damaged := open(t, h)
		assert.Equal(t, []string{"c1", "c2", "d"}, records)
		assert.False(t, damaged)
	})
}

// A byte that changes is damage if a later batch shows that it had been synced, and else a
// torn write: then its batch is gone, and no other.
func TestDamage(t *testing.T) {
	var data []byte
	var ends []int
	onHost(t, func(h *cluster.Host) {
		j, _, _ := open(t, h)
		for i := range 3 {
			require.NoError(t, j.Append(fmt.Appendf(nil, "rec%d", i), []byte("more")))
			require.NoError(t, j.Sync())
			require.NoError(t, h.Sleep(10*time.Millisecond))
			j.Wake()
			ends = append(ends, int(j.Size()))
		}
		data = make([]byte, j.Size())
		_, err := j.file.ReadAt(data, 0)
		require.NoError(t, err)
	})
	records, whole, damaged := read(data)
	assert.Len(t, records, 6)
	assert.Len(t, data, whole)
	assert.False(t, damaged)
	for i := range data {
		b := append([]byte(nil), data...)
		b[i] ^= 0x10
		records, _, damaged := read(b)
		batch := 0
		for i >= ends[batch] {
			batch++
		}
		assert.Len(t, records, 2*batch, "byte %d", i)
		assert.Equal(t, batch < 2, damaged, "byte %d", i)
		records, _, damaged = read(data[:i])
		assert.Len(t, records, 2*batch, "the first %d bytes", i)
		assert.False(t, damaged)
	}
	// The second batch was written over the first one, or after the last.
	b := append(append([]byte(nil), data[ends[0]:ends[1]]...), data[ends[1]:]...)
	_, whole, damaged = read(b)
	assert.Zero(t, whole)
	assert.True(t, damaged)
	_, _, damaged = read(append(append([]byte(nil), data...), data[:ends[0]]...))
	assert.True(t, damaged)
	// It was written behind the mark of the first one, where a record is to be.
	b = append([]byte(nil), data...)
	copy(b[head+21:], data[ends[0]:ends[1]])
	records, _, damaged = read(b)
	assert.Empty(t, records)
	assert.True(t, damaged)
}

func TestNextRefuses(t *testing.T) {
	rec := End(append(Begin(nil, 'x'), "body"...), 0)
	got, rest, ok := Next(append(rec, "after"...), false)
	assert.True(t, ok)
	assert.Equal(t, "xbody", string(got))
	assert.Equal(t, "after", string(rest))
	rec[len(rec)-1] ^= 1
	_, _, ok = Next(rec, false)
	assert.False(t, ok)
	_, _, ok = Next(rec, true)
	assert.True(t, ok, "a careless reader believes the disk")
	_, _, ok = Next(rec[:len(rec)-1], true)
	assert.False(t, ok)
}
