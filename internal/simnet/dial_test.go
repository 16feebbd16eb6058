package simnet

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var background = context.Background()

func TestDialTakesOneRoundTrip(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		l, err := n.Listen("n2", "tcp", ":80")
		require.NoError(t, err)
		for _, addr := range []string{"n2:80", "10.0.0.2:80"} {
			var c net.Conn
			assert.Equal(t, 2*latency, elapsed(func() { c, err = n.Dial(background, "n1", "tcp4", addr) }))
			require.NoError(t, err)
			s, err := l.Accept()
			require.NoError(t, err)
			assert.Equal(t, c.LocalAddr(), s.RemoteAddr())
			assert.Equal(t, &net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 80}, c.RemoteAddr())
			assert.Equal(t, c.RemoteAddr(), s.LocalAddr())
		}
		c, err := n.Dial(background, "n1", "tcp", "n2:80")
		require.NoError(t, err)
		assert.Equal(t, "10.0.0.1:32770", c.LocalAddr().String(), "the third port")
	})
}

func TestDialRefused(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		took := elapsed(func() {
			_, err := n.Dial(background, "n1", "tcp", "n2:80")
			require.ErrorIs(t, err, syscall.ECONNREFUSED)
			assert.EqualError(t, err, "dial tcp 10.0.0.2:80: connect: connection refused")
		})
		assert.Equal(t, 2*latency, took)
	})
}

func TestDialOverACutLink(t *testing.T) {
	for _, way := range []string{"n1>n2", "n2>n1"} {
		bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
			_, err := n.Listen("n2", "tcp", ":80")
			require.NoError(t, err)
			w.cut(way)
			took := elapsed(func() {
				_, err := n.Dial(background, "n1", "tcp", "n2:80")
				require.ErrorIs(t, err, syscall.ETIMEDOUT)
			})
			assert.Equal(t, 127*time.Second, took)
			assert.Equal(t, 7, w.carried("n1>n2"))

			time.AfterFunc(5*time.Second, func() { w.heal(way) })
			took = elapsed(func() {
				c, err := n.Dial(background, "n1", "tcp", "n2:80")
				require.NoError(t, err)
				write(t, c, "x")
			})
			assert.Equal(t, 7*time.Second+2*latency, took, "the SYN at 7 s is the first to get through")
		})
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		w.cut("n1>n2")
		ctx, cancel := context.WithTimeout(background, 3*time.Second)
		defer cancel()
		var err error
		assert.Equal(t, 3*time.Second, elapsed(func() { _, err = n.Dial(ctx, "n1", "tcp", "n2:80") }))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assertTimeout(t, err)
		assert.EqualError(t, err, "dial tcp 10.0.0.2:80: i/o timeout")
		_, err = n.Dial(ctx, "n1", "tcp", "n2:80")
		require.ErrorIs(t, err, context.DeadlineExceeded)

		ctx, cancel = context.WithCancel(background)
		time.AfterFunc(time.Second, cancel)
		_, err = n.Dial(ctx, "n1", "tcp", "n2:80")
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestDialCalledOffWhileTheListenerAgrees(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		l, err := n.Listen("n2", "tcp", ":80")
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(background, latency*3/2)
		defer cancel()
		_, err = n.Dial(ctx, "n1", "tcp", "n2:80")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		time.Sleep(time.Minute)
		require.NoError(t, l.(*listener).SetDeadline(time.Now()))
		_, err = l.Accept()
		assertTimeout(t, err)
	})
}

func TestListenerClosesDuringAHandshake(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		l, err := n.Listen("n2", "tcp", ":80")
		require.NoError(t, err)
		c, err := n.Dial(background, "n1", "tcp", "n2:80")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		_, err = c.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

// The end of the handshake is lost, and the listener hears of the connection by
// what the client says next: again, after 200 ms.
func TestEndOfHandshakeIsLost(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		w.lose = func(way string, k int) bool { return way == "n1>n2" && k == 1 }
		l, err := n.Listen("n2", "tcp", ":80")
		require.NoError(t, err)
		took := elapsed(func() {
			_, err := n.Dial(background, "n1", "tcp", "n2:80")
			require.NoError(t, err)
			_, err = l.Accept()
			require.NoError(t, err)
		})
		assert.Equal(t, 200*time.Millisecond+3*latency, took)
	})
}

func TestBacklog(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		l, err := n.Listen("n2", "tcp", ":80")
		require.NoError(t, err)
		for range backlog {
			_, err := n.Dial(background, "n1", "tcp", "n2:80")
			require.NoError(t, err)
		}
		synctest.Wait()
		time.Sleep(latency * 2)
		time.AfterFunc(500*time.Millisecond, func() { _, _ = l.Accept() })
		took := elapsed(func() {
			_, err := n.Dial(background, "n1", "tcp", "n2:80")
			require.NoError(t, err)
		})
		assert.Equal(t, time.Second+2*latency, took)
	})
}

func TestListen(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		l, err := n.Listen("n1", "tcp", "0.0.0.0:0")
		require.NoError(t, err)
		assert.Equal(t, "10.0.0.1:32768", l.Addr().String())
		_, err = n.Listen("n1", "tcp", "n1:32768")
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		assert.EqualError(t, err, "listen tcp n1:32768: bind: address already in use")
		_, err = n.Listen("n1", "tcp", "n2:80")
		require.ErrorIs(t, err, syscall.EADDRNOTAVAIL)

		go func() {
			time.Sleep(time.Second)
			l.Close()
		}()
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
		require.ErrorIs(t, l.Close(), net.ErrClosed)
		_, err = n.Listen("n1", "tcp", "10.0.0.1:32768")
		require.NoError(t, err, "the port is free again")
	})
}

func TestBadAddresses(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		for addr, want := range map[string]string{
			"n2":              "dial tcp n2: address n2: missing port in address",
			"n2:http":         "dial tcp n2:http: address n2:http: the port is not a number from 0 to 65535",
			"n9:80":           "dial tcp n9:80: lookup n9: no such host",
			"10.9.9.9:80":     "dial tcp 10.9.9.9:80: connect: no route to host",
			"localhost:80":    `dial tcp localhost:80: address 127.0.0.1: a host has no loopback interface; its own address is ":port"`,
			"127.0.0.1:80":    `dial tcp 127.0.0.1:80: address 127.0.0.1: a host has no loopback interface; its own address is ":port"`,
			"n2:70000":        "dial tcp n2:70000: address n2:70000: the port is not a number from 0 to 65535",
			"[2001:db8::1]:1": "dial tcp [2001:db8::1]:1: connect: no route to host",
		} {
			_, err := n.Dial(background, "n1", "tcp", addr)
			assert.EqualError(t, err, want)
			var op *net.OpError
			assert.ErrorAs(t, err, &op)
		}
		var unknown net.UnknownNetworkError
		_, err := n.Dial(background, "n1", "unix", "n2:80")
		require.ErrorAs(t, err, &unknown)
		_, err = n.Listen("n1", "udp", ":80")
		require.ErrorAs(t, err, &unknown)
		_, err = n.ListenPacket("n1", "tcp", ":80")
		require.ErrorAs(t, err, &unknown)
		var dns *net.DNSError
		_, err = n.Dial(background, "n1", "udp", "n9:80")
		require.ErrorAs(t, err, &dns)
	})
}

func TestDialOneself(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		l, err := n.Listen("n1", "tcp", ":80")
		require.NoError(t, err)
		c, err := n.Dial(background, "n1", "tcp", ":80")
		require.NoError(t, err)
		s, err := l.Accept()
		require.NoError(t, err)
		write(t, c, "me")
		assert.Equal(t, "me", read(t, s))
	})
}

func TestPortsAreUsedAgain(t *testing.T) {
	p := newPorts()
	for want := firstEphemeral; want <= lastEphemeral; want++ {
		got, err := p.take(0)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := p.take(0)
	require.ErrorIs(t, err, syscall.EADDRNOTAVAIL)
	p.free(40000)
	got, err := p.take(0)
	require.NoError(t, err)
	assert.Equal(t, 40000, got)
}

func assertTimeout(t *testing.T, err error) {
	t.Helper()
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	assert.True(t, timeout.Timeout())
	assert.True(t, errors.Is(err, os.ErrDeadlineExceeded))
}
