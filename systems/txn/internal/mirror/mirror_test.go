package mirror_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/txn/internal/mirror"
)

// onHost runs fn on a host; it may open journals as often as it likes.
func onHost(t *testing.T, fn func(h *cluster.Host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		node := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
			fn(h)
			<-ctx.Done()
			return nil
		})
		c, err := cluster.New(cluster.Config{System: node, Nodes: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), time.Second)
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}

// held returns the checkpoint and the records that a journal has, as text.
func held(t *testing.T, h *cluster.Host) (text string, damaged bool) {
	t.Helper()
	_, checkpoint, records, damaged, err := mirror.Open(h, "j")
	require.NoError(t, err)
	text = string(checkpoint) + ":"
	for _, r := range records {
		text += " " + string(r)
	}
	return text, damaged
}

// spoil flips the bytes of a file from one offset to another.
func spoil(t *testing.T, h *cluster.Host, name string, from, to int64) {
	t.Helper()
	f, err := h.Disk().Open(name)
	require.NoError(t, err)
	b := make([]byte, to-from)
	_, err = f.ReadAt(b, from)
	require.NoError(t, err)
	for i := range b {
		b[i] ^= 0xff
	}
	_, err = f.WriteAt(b, from)
	require.NoError(t, err)
}

func TestCheckpoint(t *testing.T) {
	onHost(t, func(h *cluster.Host) {
		j, _, _, _, err := mirror.Open(h, "j")
		require.NoError(t, err)
		require.NoError(t, j.Append([]byte("a"), []byte("b")))
		before := j.Size()
		require.NoError(t, j.Checkpoint([]byte("ab")))
		assert.Less(t, j.Size(), before)
		require.NoError(t, j.Append([]byte("c")))
		text, damaged := held(t, h)
		assert.Equal(t, "ab: c", text)
		assert.False(t, damaged)
	})
}

// TestDamage damages one record after the other, in one file and in both.
func TestDamage(t *testing.T) {
	const length = 18 // of a record of one byte
	for i := range int64(4) {
		onHost(t, func(h *cluster.Host) {
			j, _, _, _, err := mirror.Open(h, "j")
			require.NoError(t, err)
			for r := range 4 {
				require.NoError(t, j.Append([]byte(fmt.Sprint(r))))
			}
			assert.Equal(t, 4*length, j.Size())
			spoil(t, h, "j-a", i*length, (i+1)*length)
			text, damaged := held(t, h)
			assert.Equal(t, ": 0 1 2 3", text)
			assert.False(t, damaged)
			spoil(t, h, "j-b", i*length, (i+1)*length)
			text, damaged = held(t, h)
			assert.NotContains(t, text, fmt.Sprint(i))
			assert.Equal(t, i < 3, damaged, "damage of the last record looks as if it was never written")
		})
	}
}
