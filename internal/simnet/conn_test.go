package simnet

import (
	"bytes"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBytesArriveInOrder(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		w.late = func(k int) time.Duration { return time.Duration(k*7919%13) * time.Millisecond }
		w.lose = func(way string, k int) bool { return k%10 == 9 }
		var want bytes.Buffer
		go func() {
			for i := range 3000 {
				s := strings.Repeat(string(rune('a'+i%26)), 1+i*31%500)
				want.WriteString(s)
				write(t, a, s)
				if i%10 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
			require.NoError(t, a.Close())
		}()
		got, err := io.ReadAll(b)
		require.NoError(t, err)
		assert.Equal(t, want.Len(), len(got))
		assert.Equal(t, want.String(), string(got))
	})
}

func TestWritesWaitForAReader(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		data := make([]byte, 3*window)
		for i := range data {
			data[i] = byte(i * 31 >> 3)
		}
		wrote := make(chan time.Duration, 1)
		go func() {
			wrote <- elapsed(func() { write(t, a, string(data)) })
		}()
		time.Sleep(10 * time.Minute)
		require.Empty(t, wrote, "a probe is answered, so the connection does not time out")
		var got []byte
		for len(got) < window {
			got = append(got, read(t, b)...)
		}
		assert.Len(t, got, window, "a window of bytes was there")
		rest := make([]byte, len(data)-len(got))
		_, err := io.ReadFull(b, rest)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(data, append(got, rest...)))
		assert.Less(t, (<-wrote - 10*time.Minute).Abs(), time.Second)
		assert.Less(t, w.carried("n1>n2"), 60)
	})
}

func TestFullBuffersHoldHalfAMebibyte(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, _ := pair(t, n)
		require.NoError(t, a.SetWriteDeadline(time.Now().Add(time.Second)))
		k, err := a.Write(make([]byte, 1<<20))
		assertTimeout(t, err)
		assert.Equal(t, window+sendBuffer, k)
	})
}

// The peer says that there is room again, and the link loses that.
func TestLostWindowUpdate(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		go write(t, a, strings.Repeat("x", 2*window))
		time.Sleep(50 * time.Millisecond)
		w.cut("n2>n1")
		_, err := io.ReadFull(b, make([]byte, window))
		require.NoError(t, err)
		w.heal("n2>n1")
		took := elapsed(func() {
			_, err := io.ReadFull(b, make([]byte, window))
			require.NoError(t, err)
		})
		assert.Less(t, took, time.Second)
	})
}

func TestSmallWritesThatWaitAreSentTogether(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		w.cut("n1>n2")
		for range 1000 {
			write(t, a, "twenty bytes of text")
		}
		w.heal("n1>n2")
		before := w.carried("n1>n2")
		_, err := io.ReadFull(b, make([]byte, 20000))
		require.NoError(t, err)
		assert.LessOrEqual(t, w.carried("n1>n2")-before, 6)
	})
}

func TestLossDelaysBy200Milliseconds(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		w.cut("n1>n2")
		write(t, a, "one")
		write(t, a, "two")
		w.heal("n1>n2")
		assert.Equal(t, 200*time.Millisecond+latency, elapsed(func() { assert.Equal(t, "one", read(t, b)) }))
		assert.Equal(t, 2*latency, elapsed(func() { assert.Equal(t, "two", read(t, b)) }))
	})
}

func TestCutLinkHeals(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		w.cut("n1>n2", "n2>n1")
		write(t, a, "late")
		time.AfterFunc(time.Minute, func() { w.heal("n1>n2", "n2>n1") })
		took := elapsed(func() { assert.Equal(t, "late", read(t, b)) })
		assert.Equal(t, 102200*time.Millisecond+latency, took, "the tenth retry is after 102.2 s")
		write(t, b, "back")
		assert.Equal(t, "back", read(t, a))
	})
}

func TestCutLinkKillsAConnection(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		w.cut("n1>n2", "n2>n1")
		write(t, a, "never")
		took := elapsed(func() {
			_, err := a.Read(make([]byte, 1))
			require.ErrorIs(t, err, syscall.ETIMEDOUT)
		})
		assert.Equal(t, 924600*time.Millisecond, took)
		_, err := a.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.ETIMEDOUT)
		w.heal("n1>n2", "n2>n1")
		_, err = b.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET, "a probe finds out")
	})
}

// A link that is cut one way only: the data arrive, the answers do not.
func TestOneWayCut(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		w.lose = func(way string, k int) bool { return way == "n1>n2" && k == 2 }
		w.cut("n2>n1")
		write(t, a, "one")
		assert.Equal(t, "one", read(t, b))
		write(t, a, "two")
		_, err := a.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ETIMEDOUT)
	})
}

func TestCloseDeliversWhatWasWritten(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		w.cut("n1>n2")
		write(t, a, strings.Repeat("x", sendBuffer))
		require.NoError(t, a.Close())
		_, err := a.Write([]byte("x"))
		require.ErrorIs(t, err, net.ErrClosed)
		require.ErrorIs(t, a.Close(), net.ErrClosed)
		time.Sleep(time.Second)
		w.heal("n1>n2")
		got, err := io.ReadAll(b)
		require.NoError(t, err)
		assert.Len(t, got, sendBuffer)
		assert.True(t, gone(a), "nothing is left of the end that closed")
		require.NoError(t, b.Close())
		time.Sleep(time.Second)
		assert.True(t, gone(b))
		assert.Empty(t, usedPorts(n, "n1"), "and its port is free")
	})
}

func TestHalfClose(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		write(t, a, "question")
		require.NoError(t, a.CloseWrite())
		_, err := a.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.EPIPE)
		q, err := io.ReadAll(b)
		require.NoError(t, err)
		assert.Equal(t, "question", string(q))
		write(t, b, "answer")
		require.NoError(t, b.Close())
		r, err := io.ReadAll(a)
		require.NoError(t, err)
		assert.Equal(t, "answer", string(r))
		require.NoError(t, a.Close())
		assert.True(t, gone(a) && gone(b))
	})
}

func TestCloseRead(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		require.NoError(t, b.CloseRead())
		_, err := b.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		write(t, a, strings.Repeat("x", 4*window)) // goes nowhere, and waits for no reader
		write(t, b, "y")
		assert.Equal(t, "y", read(t, a))
		time.Sleep(time.Second)
		require.NoError(t, b.Close())
		time.Sleep(time.Second)
		_, err = a.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestWriteToAClosedPeer(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		require.NoError(t, b.Close())
		time.Sleep(time.Second)
		write(t, a, "the first is answered by a reset")
		time.Sleep(time.Second)
		for range 2 {
			_, err := a.Write([]byte("x"))
			require.ErrorIs(t, err, syscall.EPIPE)
		}
		_, err := a.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestCloseWithUnreadDataResets(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		write(t, a, "never read")
		write(t, b, "arrived")
		time.Sleep(time.Second)
		require.NoError(t, b.Close())
		time.Sleep(time.Second)
		assert.Equal(t, "arrived", read(t, a), "what had arrived can be read")
		for range 2 {
			_, err := a.Read(make([]byte, 1))
			require.ErrorIs(t, err, syscall.ECONNRESET)
		}
		_, err := a.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.EPIPE)
		require.ErrorIs(t, a.CloseWrite(), syscall.ENOTCONN)
		require.NoError(t, a.Close())
	})
}

func TestLinger(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		require.NoError(t, a.SetLinger(0))
		require.NoError(t, a.Close())
		_, err := b.Write(make([]byte, 1))
		require.NoError(t, err)
		time.Sleep(time.Second)
		_, err = b.Write(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)
		_, err = b.Write(make([]byte, 1))
		require.ErrorIs(t, err, syscall.EPIPE)
	})
}

func TestCloseWakesWhoWaits(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, _ := pair(t, n)
		errs := make(chan error, 3)
		go func() {
			_, err := a.Read(make([]byte, 1))
			errs <- err
		}()
		for range 2 {
			go func() {
				_, err := a.Write(make([]byte, 1<<20))
				errs <- err
			}()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.Empty(t, errs)
		require.NoError(t, a.Close())
		for range 3 {
			require.ErrorIs(t, <-errs, net.ErrClosed)
		}
	})
}

func TestDeadlines(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		read1 := func() error {
			_, err := a.Read(make([]byte, 1))
			return err
		}
		require.NoError(t, a.SetReadDeadline(time.Now().Add(time.Second)))
		assert.Equal(t, time.Second, elapsed(func() { assertTimeout(t, read1()) }))
		assert.Zero(t, elapsed(func() { assertTimeout(t, read1()) }), "it stays so")

		require.NoError(t, a.SetReadDeadline(time.Now().Add(time.Hour)))
		time.AfterFunc(time.Second, func() { _ = a.SetReadDeadline(time.Unix(1, 0)) })
		assert.Equal(t, time.Second, elapsed(func() { assertTimeout(t, read1()) }), "moved into the past")

		require.NoError(t, a.SetReadDeadline(time.Now().Add(time.Hour)))
		time.AfterFunc(time.Second, func() { _ = a.SetReadDeadline(time.Now().Add(time.Second)) })
		assert.Equal(t, 2*time.Second, elapsed(func() { assertTimeout(t, read1()) }), "moved forward")

		require.NoError(t, a.SetReadDeadline(time.Now().Add(time.Second)))
		time.AfterFunc(time.Second/2, func() { _ = a.SetReadDeadline(time.Now().Add(time.Second)) })
		assert.Equal(t, 3*time.Second/2, elapsed(func() { assertTimeout(t, read1()) }), "moved back")

		require.NoError(t, a.SetDeadline(time.Now().Add(time.Second)))
		require.NoError(t, a.SetDeadline(time.Time{}))
		time.AfterFunc(time.Minute, func() { write(t, b, "x") })
		assert.Equal(t, time.Minute+latency, elapsed(func() { assert.NoError(t, read1()) }), "removed")
		require.NoError(t, a.Close())
		require.ErrorIs(t, a.SetDeadline(time.Now()), net.ErrClosed)
	})
}

// Bytes of one Write are not mixed with those of another that waits too.
func TestWritesAreWhole(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		const size = 3 * window
		for _, c := range "abc" {
			go write(t, a, strings.Repeat(string(c), size))
		}
		time.Sleep(time.Second)
		got := make([]byte, 3*size)
		_, err := io.ReadFull(b, got)
		require.NoError(t, err)
		changes := 0
		for i := 1; i < len(got); i++ {
			if got[i] != got[i-1] {
				changes++
			}
		}
		assert.Equal(t, 2, changes)
	})
}
