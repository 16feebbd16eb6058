package simnet

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCrashResetsPeers(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		write(t, b, "last words")
		time.Sleep(time.Second)
		own := make(chan error, 1)
		go func() {
			_, err := b.Read(make([]byte, 1))
			own <- err
		}()
		time.Sleep(time.Second)
		w.crash(n, "n2", false)
		require.ErrorIs(t, <-own, net.ErrClosed)
		assert.Equal(t, "last words", read(t, a))
		took := elapsed(func() {
			_, err := a.Read(make([]byte, 1))
			require.ErrorIs(t, err, syscall.ECONNRESET)
		})
		assert.Equal(t, latency, took)
		_, err := b.Write([]byte("x"))
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

func TestCrashClosesAll(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		l, err := n.Listen("n2", "tcp", ":80")
		require.NoError(t, err)
		p, err := n.ListenPacket("n2", "udp", ":80")
		require.NoError(t, err)
		waiting, err := n.Dial(background, "n1", "tcp", "n2:80") // it is never accepted
		require.NoError(t, err)
		errs := make(chan error, 2)
		w.cut("n2>n3")
		go func() {
			_, err := n.Dial(background, "n2", "tcp", "n3:80")
			errs <- err
		}()
		go func() {
			_, _, err := p.ReadFrom(make([]byte, 1))
			errs <- err
		}()
		time.Sleep(time.Second)
		w.crash(n, "n2", false)
		require.ErrorIs(t, <-errs, net.ErrClosed)
		require.ErrorIs(t, <-errs, net.ErrClosed)
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = waiting.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)

		_, err = n.Dial(background, "n1", "tcp", "n2:80")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		l, err = n.Listen("n2", "tcp", ":80")
		require.NoError(t, err)
		_, err = n.Dial(background, "n1", "tcp", "n2:80")
		require.NoError(t, err)
		_, err = l.Accept()
		require.NoError(t, err)
		_, err = n.ListenPacket("n2", "udp", ":80")
		require.NoError(t, err)
	})
}

// A power cut: the host says nothing.
func TestSilentCrashIsFoundByWriting(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, _ := pair(t, n)
		w.crash(n, "n2", true)
		time.Sleep(time.Second)
		w.restart("n2")
		write(t, a, "anybody there?")
		took := elapsed(func() {
			_, err := a.Read(make([]byte, 1))
			require.ErrorIs(t, err, syscall.ECONNRESET)
		})
		assert.Equal(t, 2*latency, took)
	})
}

func TestSilentCrashIsFoundByProbing(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, _ := pair(t, n)
		w.crash(n, "n2", true)
		time.AfterFunc(20*time.Second, func() { w.restart("n2") })
		took := elapsed(func() {
			_, err := a.Read(make([]byte, 1))
			require.ErrorIs(t, err, syscall.ECONNRESET)
		})
		assert.Equal(t, 2*probeInterval+2*latency, took)
	})
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, _ := pair(t, n)
		w.crash(n, "n2", true)
		took := elapsed(func() {
			_, err := a.Read(make([]byte, 1))
			require.ErrorIs(t, err, syscall.ETIMEDOUT)
		})
		assert.Equal(t, 11*probeInterval, took)
	})
}

func TestCrashBehindACut(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, _ := pair(t, n)
		w.cut("n1>n2", "n2>n1")
		write(t, a, "x")
		w.crash(n, "n2", false)
		time.AfterFunc(time.Second, func() { w.heal("n1>n2", "n2>n1") })
		took := elapsed(func() {
			_, err := a.Read(make([]byte, 1))
			require.ErrorIs(t, err, syscall.ECONNRESET)
		})
		assert.Equal(t, 1400*time.Millisecond+2*latency, took, "the third retry")
	})
}

// The listener's host crashes between its answer and the end of the handshake.
func TestCrashDuringAHandshake(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		_, err := n.Listen("n2", "tcp", ":80")
		require.NoError(t, err)
		c, err := n.Dial(background, "n1", "tcp", "n2:80")
		require.NoError(t, err)
		w.crash(n, "n2", false)
		_, err = n.Listen("n2", "tcp", ":80")
		require.NoError(t, err)
		write(t, c, "x")
		_, err = c.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

func TestNothingIsLeft(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := pair(t, n)
		require.NoError(t, a.SetDeadline(time.Now().Add(time.Hour)))
		write(t, a, "x")
		w.crash(n, "n1", false)
		_, _ = b.Read(make([]byte, 1))
		_, _ = b.Read(make([]byte, 1))
		events := w.ran()
		time.Sleep(24 * time.Hour)
		assert.Equal(t, events, w.ran())
		assert.True(t, gone(a) && gone(b))
		assert.Empty(t, usedPorts(n, "n1"))
		assert.Empty(t, usedPorts(n, "n2"))
	})
}

// Code that survives a crash of its host can do nothing for the host's next life.
func TestStackOfAnEarlierLife(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		s := n.Stack("n1")
		_, err := n.Listen("n2", "tcp", ":80")
		require.NoError(t, err)
		w.crash(n, "n1", false)
		_, err = s.Dial(background, "tcp", "n2:80")
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = s.Dial(background, "udp", "n2:80")
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = s.Listen("tcp", ":80")
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = s.ListenPacket("udp", ":80")
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = n.Stack("n1").Dial(background, "tcp", "n2:80")
		require.NoError(t, err)
		require.Panics(t, func() { n.Stack("n9") })
	})
}
