package simnet

import (
	"net"
	"testing"
	"time"

	"golang.org/x/net/nettest"
)

// TestConn runs on wall time, since the tests of package nettest are subtests,
// which a bubble does not allow. So it also shows that nothing here depends on
// events coming one at a time.
func TestConn(t *testing.T) {
	nettest.TestConn(t, func() (a, b net.Conn, stop func(), err error) {
		w := newWire()
		w.late = func(int) time.Duration { return -latency }
		n := threeHosts(w)
		l, err := n.Listen("n2", "tcp", ":80")
		if err != nil {
			return nil, nil, nil, err
		}
		if a, err = n.Dial(t.Context(), "n1", "tcp", "n2:80"); err != nil {
			return nil, nil, nil, err
		}
		if b, err = l.Accept(); err != nil {
			return nil, nil, nil, err
		}
		return a, b, func() {
			_ = a.Close()
			_ = b.Close()
			_ = l.Close()
		}, nil
	})
}
