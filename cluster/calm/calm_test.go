package calm_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/calm"
)

// between runs serve on n1 and call on n2, each with its end of a calm connection.
func between(t *testing.T, serve, call func(net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		system := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
			if h.Name() == "n1" {
				l, err := h.Listen("tcp", ":80")
				require.NoError(t, err)
				c, err := calm.Listener(h, l).Accept()
				require.NoError(t, err)
				serve(c)
			} else {
				require.NoError(t, h.Sleep(time.Millisecond))
				c, err := calm.Dialer(h)(ctx, "tcp", "n1:80")
				require.NoError(t, err)
				call(c)
			}
			<-ctx.Done()
			return nil
		})
		c, err := cluster.New(cluster.Config{System: system, Nodes: 2, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		require.True(t, c.Sleep(t.Context(), time.Minute))
		c.Stop(time.Minute)
		require.Empty(t, c.Findings())
	})
}

// TestOnePieceAnInstant writes in many pieces, which arrive as one for each instant.
func TestOnePieceAnInstant(t *testing.T) {
	var pieces []string
	between(t, func(c net.Conn) {
		for {
			b := make([]byte, 1<<10)
			n, err := c.Read(b)
			if err != nil {
				assert.ErrorIs(t, err, io.EOF)
				return
			}
			pieces = append(pieces, string(b[:n]))
		}
	}, func(c net.Conn) {
		for _, instant := range []string{"a few words", "and more of them", "the last"} {
			for _, word := range strings.SplitAfter(instant, " ") {
				_, err := io.WriteString(c, word)
				require.NoError(t, err)
			}
			if instant != "the last" {
				time.Sleep(10 * time.Millisecond)
			}
		}
		require.NoError(t, c.Close())
	})
	assert.Equal(t, []string{"a few words", "and more of them", "the last"}, pieces)
}

// TestLargeWrites are all there, in their order, though the reader is slow.
func TestLargeWrites(t *testing.T) {
	const blocks, size = 64, 64 << 10
	var got int
	between(t, func(c net.Conn) {
		b := make([]byte, size)
		for ; got < blocks; got++ {
			_, err := io.ReadFull(c, b)
			require.NoError(t, err)
			require.Equal(t, byte(got), b[0])
			require.Equal(t, byte(got), b[size-1])
			time.Sleep(10 * time.Millisecond)
		}
	}, func(c net.Conn) {
		for i := range blocks {
			_, err := c.Write([]byte(strings.Repeat(string([]byte{byte(i)}), size)))
			require.NoError(t, err)
		}
	})
	assert.Equal(t, blocks, got)
}

// TestErrorOfALaterWrite: an error that a write can't know yet is returned by the next one.
func TestErrorOfALaterWrite(t *testing.T) {
	var errs []error
	between(t, func(c net.Conn) { require.NoError(t, c.Close()) }, func(c net.Conn) {
		time.Sleep(time.Second)
		for range 3 {
			_, err := c.Write([]byte("x"))
			errs = append(errs, err)
			time.Sleep(time.Second)
		}
		require.NoError(t, c.Close())
		_, err := c.Write([]byte("x"))
		errs = append(errs, err)
	})
	require.Len(t, errs, 4)
	assert.NoError(t, errs[0])
	assert.Error(t, errs[2])
	assert.Error(t, errs[3])
}
