package quorumkv

import (
	"context"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// onHost runs each function on a host with a disk, and crashes it in between, so long
// after each.
func onHost(t *testing.T, after time.Duration, lives ...func(h *cluster.Host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), time.Millisecond)
		for _, live := range lives {
			live(c.Client(0))
			c.Sleep(context.Background(), after)
			c.Crash("c0")
			c.Sleep(context.Background(), time.Millisecond)
			c.Restart("c0")
			c.Sleep(context.Background(), time.Millisecond)
		}
		c.Stop(time.Second)
	})
}

func open(t *testing.T, h *cluster.Host, s Store) *storage {
	t.Helper()
	s, err := s.complete(5)
	require.NoError(t, err)
	st, err := openStorage(h, s)
	require.NoError(t, err)
	return st
}

// wrote returns the object of the n-th write of an actor, who has seen all of its own.
func wrote(n int) object {
	d := dot{Actor: 9, N: uint64(n)}
	return object{[]sibling{{dot: d, value: n}}, d.All()}
}

func TestStorageKeepsWhatWasSynced(t *testing.T) {
	onHost(t, 10*time.Millisecond, func(h *cluster.Host) {
		s := open(t, h, Store{})
		assert.True(t, s.store("a", wrote(1)))
		assert.True(t, s.store("a", wrote(2)))
		assert.False(t, s.store("a", wrote(1)), "that is no news")
		s.keep(hint{3, "b"}, wrote(4))
		s.keep(hint{4, "b"}, wrote(5))
	}, func(h *cluster.Host) {
		s := open(t, h, Store{})
		assert.Equal(t, []int{2}, s.read("a").values())
		assert.Equal(t, []int{5}, s.read("b").values(), "what is kept for others is read as well")
		assert.Equal(t, []hint{{3, "b"}, {4, "b"}}, s.pending())
		s.handed(hint{3, "b"}, wrote(4))
		s.handed(hint{4, "b"}, wrote(4)) // which is not what it keeps now
		s.sync()
	}, func(h *cluster.Host) {
		assert.Equal(t, []hint{{4, "b"}}, open(t, h, Store{}).pending())
	})
	onHost(t, 0, func(h *cluster.Host) {
		open(t, h, Store{}).store("a", wrote(1))
	}, func(h *cluster.Host) {
		assert.Empty(t, open(t, h, Store{}).keys(), "its sync had not come to an end")
	})
}

// TestStorageCrashInRewrite crashes at every moment in which a log is written anew.
func TestStorageCrashInRewrite(t *testing.T) {
	shrank := false
	for after := range 12 {
		onHost(t, time.Duration(after)*100*time.Microsecond, func(h *cluster.Host) {
			s := open(t, h, Store{LogLimit: 1 << 20})
			for n := range 50 {
				s.store("a", wrote(n+1))
			}
			s.keep(hint{2, "b"}, wrote(7))
			require.NoError(t, h.Sleep(100*time.Millisecond))
			s.rewrite()
		}, func(h *cluster.Host) {
			s := open(t, h, Store{})
			assert.Equal(t, []int{50}, s.read("a").values())
			assert.Equal(t, []int{7}, s.read("b").values())
			shrank = shrank || s.length < 200
		})
	}
	assert.True(t, shrank)
}

func TestStorageStaysSmall(t *testing.T) {
	onHost(t, time.Second, func(h *cluster.Host) {
		s := open(t, h, Store{LogLimit: 1000})
		for n := range 500 {
			s.store(fmt.Sprint("k", n%3), wrote(n+1))
			assert.Less(t, s.length, int64(1500))
		}
	}, func(h *cluster.Host) {
		s := open(t, h, Store{})
		assert.Equal(t, []int{498 + 2 - 2}, s.read("k2").values())
	})
}

// TestStorageDamage damages each byte of a log: that costs the record that it belongs to, and
// is never taken for data.
func TestStorageDamage(t *testing.T) {
	size := int64(1)
	for at := int64(0); at < size; at++ {
		onHost(t, 100*time.Millisecond, func(h *cluster.Host) {
			s := open(t, h, Store{})
			for n := range 3 {
				s.store(fmt.Sprint("k", n), wrote(n+1))
			}
			size = s.length
		}, func(h *cluster.Host) {
			f, err := h.Disk().Open("log")
			require.NoError(t, err)
			b := []byte{0}
			if _, err := f.ReadAt(b, at); err != io.EOF {
				require.NoError(t, err)
			}
			b[0] ^= 0x10
			_, err = f.WriteAt(b, at)
			require.NoError(t, err)
			s := open(t, h, Store{})
			assert.Len(t, s.keys(), 2, "byte %d", at)
			for _, key := range s.keys() {
				assert.Equal(t, fmt.Sprintf("k%d", s.read(key).values()[0]-1), key)
			}
		})
	}
	assert.Greater(t, size, int64(60))
}
