package cluster_test

import (
	"context"
	"fmt"
	"net"

	"github.com/capsize-go/capsize/cluster"
)

// A system on connections: ordinary Go, whose listener comes from the host. What
// it started ends when the host crashes, since all connections of the host do.
func ExampleFunc() {
	var system cluster.System = cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		l, err := h.Listen("tcp", ":7000")
		if err != nil {
			return err
		}
		defer context.AfterFunc(ctx, func() { _ = l.Close() })()
		for {
			c, err := l.Accept()
			if err != nil {
				return err
			}
			go func(c net.Conn) {
				defer c.Close()
				fmt.Fprintf(c, "this is %s\n", h.Name())
			}(c)
		}
	})
	_ = system
}

// A system on messages: a state machine that never blocks. A delivery is a
// function call, so it runs many times faster.
func ExampleHost_Handle() {
	var system cluster.System = cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		count := 0
		h.Handle(func(m cluster.Message) {
			count++
			m.Reply(count)
		})
		<-ctx.Done() // a crash
		return nil
	})
	_ = system
}
