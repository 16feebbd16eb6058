package simnet

import (
	"bytes"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func listenPacket(t *testing.T, n *Net, host, addr string) net.PacketConn {
	t.Helper()
	p, err := n.ListenPacket(host, "udp", addr)
	require.NoError(t, err)
	return p
}

func TestDatagrams(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := listenPacket(t, n, "n1", ":0"), listenPacket(t, n, "n2", ":53")
		assert.Equal(t, "10.0.0.1:32768", a.LocalAddr().String())
		for _, to := range []net.Addr{b.LocalAddr(), literal{"udp", "n2:53"}} {
			k, err := a.WriteTo([]byte("hello"), to)
			require.NoError(t, err)
			assert.Equal(t, 5, k)
			buf := make([]byte, 4)
			k, from, err := b.ReadFrom(buf)
			require.NoError(t, err)
			assert.Equal(t, "hell", string(buf[:k]), "what does not fit is lost")
			assert.Equal(t, a.LocalAddr(), from)
		}
	})
}

func TestDatagramsAreLost(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := listenPacket(t, n, "n1", ":0"), listenPacket(t, n, "n2", ":53")
		w.lose = func(_ string, k int) bool { return k == 0 }
		for _, s := range []string{"lost", "kept"} {
			_, err := a.WriteTo([]byte(s), b.LocalAddr())
			require.NoError(t, err)
		}
		_, err := a.WriteTo([]byte("to no listener"), &net.UDPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 9})
		require.NoError(t, err)
		require.NoError(t, b.SetReadDeadline(time.Now().Add(time.Second)))
		buf := make([]byte, 10)
		k, _, err := b.ReadFrom(buf)
		require.NoError(t, err)
		assert.Equal(t, "kept", string(buf[:k]))
		_, _, err = b.ReadFrom(buf)
		assertTimeout(t, err)
	})
}

func TestDatagramQueueIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := listenPacket(t, n, "n1", ":0"), listenPacket(t, n, "n2", ":53")
		for range 1000 {
			_, err := a.WriteTo(make([]byte, 1000), b.LocalAddr())
			require.NoError(t, err)
		}
		time.Sleep(time.Second)
		require.NoError(t, b.SetReadDeadline(time.Now().Add(time.Second)))
		got := 0
		for ; ; got++ {
			if _, _, err := b.ReadFrom(make([]byte, 1000)); err != nil {
				break
			}
		}
		assert.Equal(t, packetBuffer/(1000+overhead), got)
	})
}

func TestDatagramErrors(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		a, b := listenPacket(t, n, "n1", ":0"), listenPacket(t, n, "n2", ":53")
		_, err := a.WriteTo(make([]byte, maxDatagram+1), b.LocalAddr())
		require.ErrorIs(t, err, syscall.EMSGSIZE)
		_, err = a.WriteTo(make([]byte, maxDatagram), b.LocalAddr())
		require.NoError(t, err)
		_, err = a.WriteTo(nil, &net.UDPAddr{IP: net.IPv4(10, 9, 9, 9), Port: 1})
		require.ErrorIs(t, err, syscall.EHOSTUNREACH)
		_, err = a.WriteTo(nil, nil)
		require.Error(t, err)
		_, err = a.(net.Conn).Write(nil)
		require.ErrorIs(t, err, syscall.EDESTADDRREQ)
		_, err = n.ListenPacket("n2", "udp4", "n2:53")
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		require.NoError(t, a.SetWriteDeadline(time.Now()))
		_, err = a.WriteTo(nil, b.LocalAddr())
		assertTimeout(t, err)
		time.AfterFunc(time.Second, func() { _ = b.Close() })
		require.NoError(t, b.SetDeadline(time.Time{}))
		_, _, err = b.ReadFrom(make([]byte, maxDatagram))
		require.NoError(t, err)
		_, _, err = b.ReadFrom(nil)
		require.ErrorIs(t, err, net.ErrClosed)
		require.ErrorIs(t, b.Close(), net.ErrClosed)
		require.ErrorIs(t, b.SetDeadline(time.Now()), net.ErrClosed)
		assert.Nil(t, b.(net.Conn).RemoteAddr())
	})
}

func TestDialedDatagrams(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		b, other := listenPacket(t, n, "n2", ":53"), listenPacket(t, n, "n3", ":53")
		a, err := n.Dial(background, "n1", "udp", "n2:53")
		require.NoError(t, err)
		write(t, a, "ping")
		buf := make([]byte, 10)
		k, from, err := b.ReadFrom(buf)
		require.NoError(t, err)
		_, err = other.WriteTo([]byte("not asked"), from)
		require.NoError(t, err)
		_, err = b.WriteTo(bytes.ToUpper(buf[:k]), from)
		require.NoError(t, err)
		assert.Equal(t, "PING", read(t, a))
		_, err = a.(net.PacketConn).WriteTo(nil, from)
		require.ErrorIs(t, err, net.ErrWriteToConnected)
		assert.Equal(t, "10.0.0.2:53", a.RemoteAddr().String())
		require.NoError(t, a.SetReadDeadline(time.Now()))
		_, err = a.Read(buf)
		assertTimeout(t, err)
		assert.EqualError(t, err, "read udp 10.0.0.1:32768->10.0.0.2:53: i/o timeout")
	})
}
