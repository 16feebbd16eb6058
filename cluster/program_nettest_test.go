package cluster_test

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/net/nettest"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/schedule"
)

// TestConn has the tests of package nettest use connections of a host: a *net.TCPConn of the simulated network at both ends.
func TestConn(t *testing.T) {
	needRuntime(t)
	schedule.Start(1, schedule.Random(4))
	for _, addr := range []string{"127.0.0.1:0", "c0:0"} {
		passed := false
		withPrograms(t, func(*cluster.Host) error { return nil }, func(r *programs) {
			r.do(func() { passed = testConn(addr) })
			assert.True(t, passed, "%s", r.logs())
			assert.NotContains(t, r.logs(), "--- SKIP", "those of deadlines are skipped where there are none")
		})
	}
}

// testConn runs the tests in a test of their own: they are subtests, and that of a bubble can have none.
func testConn(addr string) (passed bool) {
	all := func(_, name string) (bool, error) { return !strings.Contains(name, "none"), nil }
	return testing.RunTests(all, []testing.InternalTest{{Name: "nettest", F: func(t *testing.T) {
		nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) { return connected(addr) })
	}}})
}

// connected returns both ends of a connection of the host of the caller.
func connected(addr string) (c1, c2 net.Conn, stop func(), err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, nil, nil, err
	}
	if c1, err = net.Dial("tcp", l.Addr().String()); err != nil {
		return nil, nil, nil, err
	}
	if c2, err = l.Accept(); err != nil {
		return nil, nil, nil, err
	}
	return c1, c2, func() {
		_, _, _ = c1.Close(), c2.Close(), l.Close()
	}, nil
}
