package cluster_test

import (
	"errors"
	"io"
	"log"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

func init() {
	programTests["tcp"] = programTest{sockets, func(r *programs) { r.do(func() { tcp(r.t, "n1:7") }) }}
	programTests["loopback"] = programTest{sockets, func(r *programs) {
		r.pass(time.Second)
		assert.Contains(r.t, r.logs(), "127.0.0.1 asks 127.0.0.1:7")
		r.do(func() {
			_, err := net.Dial("tcp", "n1:8")
			assert.ErrorContains(r.t, err, "connection refused", "what listens on the loopback interface is for the host itself")
		})
	}}
	programTests["udp"] = programTest{sockets, func(r *programs) { r.do(func() { udp(r.t) }) }}
	programTests["descriptors"] = programTest{sockets, func(r *programs) { r.do(func() { raw(r.t) }) }}
	programTests["clock"] = programTest{sockets, func(r *programs) {
		r.As("it").ImpairClock("c0", cluster.ClockError{Skew: -time.Hour, Drift: 100_000})
		begin := r.Now()
		r.do(func() { deadlines(r.t) })
		assert.Equal(r.t, 10*time.Second, (r.Now() - begin).Round(100*time.Millisecond), "ten per cent fast: eleven seconds of its own")
	}}
	programTests["reset"] = programTest{sockets, func(r *programs) {
		r.do(func() {
			c, err := net.Dial("tcp", "n1:7")
			require.NoError(r.t, err)
			require.NoError(r.t, c.(*net.TCPConn).SetLinger(0))
			_, err = c.Write([]byte("reset me"))
			require.NoError(r.t, err)
			require.NoError(r.t, c.Close())
			time.Sleep(time.Second)
		})
		assert.Contains(r.t, r.logs(), "connection reset by peer")
	}}
}

// sockets is a program that echoes what it is sent: by TCP to port 7, on the loopback interface to port 8, and by UDP to port 9.
func sockets(h *cluster.Host) error {
	l, err := net.Listen("tcp", ":7")
	if err != nil {
		return err
	}
	local, err := net.Listen("tcp", "127.0.0.1:8")
	if err != nil {
		return err
	}
	p, err := net.ListenPacket("udp", ":9")
	if err != nil {
		return err
	}
	log.SetFlags(0)
	log.Print(l.Addr(), " ", local.Addr(), " ", p.LocalAddr())
	go echoAll(l)
	go echoAll(local)
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := p.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = p.WriteTo(b[:n], from)
		}
	}()
	c, err := net.Dial("tcp", "localhost:7")
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(c.LocalAddr().String())
	log.Print(host, " asks ", c.RemoteAddr(), " ", err)
	return c.Close()
}

func echoAll(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			_, err := io.Copy(c, c)
			log.Print("echoed to ", c.RemoteAddr(), ": ", err)
			_ = c.Close()
		}()
	}
}

// tcp sends, closes its direction, and reads what comes back.
func tcp(t *testing.T, to string) {
	t.Helper()
	c, err := net.DialTimeout("tcp", to, time.Second)
	require.NoError(t, err)
	tc := c.(*net.TCPConn)
	assert.NoError(t, errors.Join(tc.SetNoDelay(false), tc.SetKeepAlive(true), tc.SetReadBuffer(1<<16), tc.SetWriteBuffer(1<<16)))
	assert.Equal(t, "10.0.0.4", tc.LocalAddr().(*net.TCPAddr).IP.String())
	_, err = tc.File()
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	parts := net.Buffers{[]byte("one "), []byte("two "), []byte("three")}
	n, err := parts.WriteTo(tc)
	assert.NoError(t, err)
	assert.EqualValues(t, 13, n)
	require.NoError(t, tc.CloseWrite())
	b, err := io.ReadAll(tc)
	assert.NoError(t, err)
	assert.Equal(t, "one two three", string(b))
	require.NoError(t, tc.Close())
	_, err = tc.Read(b)
	assert.ErrorIs(t, err, net.ErrClosed)
}

func udp(t *testing.T) {
	t.Helper()
	c, err := net.Dial("udp", "n2:9")
	require.NoError(t, err)
	_, err = c.Write([]byte("ping"))
	require.NoError(t, err)
	b := make([]byte, 100)
	n, err := c.Read(b)
	assert.NoError(t, err)
	assert.Equal(t, "ping", string(b[:n]))
	require.NoError(t, c.Close())
	u, err := net.ListenUDP("udp4", nil)
	require.NoError(t, err)
	to, err := net.ResolveUDPAddr("udp", "n3:9")
	require.NoError(t, err)
	_, _, err = u.WriteMsgUDP([]byte("pong"), nil, to)
	require.NoError(t, err)
	n, from, err := u.ReadFromUDPAddrPort(b)
	assert.NoError(t, err)
	assert.Equal(t, "pong 10.0.0.3:9", string(b[:n])+" "+from.String())
	require.NoError(t, u.SetReadDeadline(time.Now().Add(time.Second)))
	_, _, err = u.ReadFrom(b)
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, u.Close())
}

// raw reads and writes by descriptors, as gRPC does.
func raw(t *testing.T) {
	t.Helper()
	c, err := net.Dial("tcp", "n1:7")
	require.NoError(t, err)
	rc, err := c.(syscall.Conn).SyscallConn()
	require.NoError(t, err)
	assert.NoError(t, rc.Control(func(fd uintptr) {
		assert.NoError(t, syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1))
	}))
	got := make([]byte, 0, 100)
	read := func() (n int, err error) {
		e := rc.Read(func(fd uintptr) bool {
			n, err = syscall.Read(int(fd), got[len(got):cap(got)])
			return err != syscall.EAGAIN
		})
		return n, errors.Join(e, err)
	}
	require.NoError(t, rc.Read(func(fd uintptr) bool {
		_, err := syscall.Read(int(fd), make([]byte, 1))
		assert.Equal(t, syscall.EAGAIN, err, "a look whether the connection is open")
		return true
	}))
	assert.NoError(t, rc.Write(func(fd uintptr) bool {
		_, err := syscall.Write(int(fd), []byte("by descriptor, "))
		return assert.NoError(t, err)
	}))
	_, err = c.Write([]byte("and by Write"))
	require.NoError(t, err)
	require.NoError(t, c.(*net.TCPConn).CloseWrite())
	for {
		n, err := read()
		if !assert.NoError(t, err) || n == 0 {
			break
		}
		got = got[:len(got)+n]
	}
	assert.Equal(t, "by descriptor, and by Write", string(got))
	require.NoError(t, c.Close())
	_, err = read()
	assert.ErrorIs(t, err, net.ErrClosed)
}

// deadlines waits for eleven seconds by the clock of its host.
func deadlines(t *testing.T) {
	t.Helper()
	c, err := net.Dial("tcp", "n1:7")
	require.NoError(t, err)
	begin := time.Now()
	require.NoError(t, c.SetReadDeadline(begin.Add(11*time.Second)))
	_, err = c.Read(make([]byte, 1))
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	assert.Equal(t, 11*time.Second, time.Since(begin).Round(100*time.Millisecond))
	require.NoError(t, c.Close())
}
