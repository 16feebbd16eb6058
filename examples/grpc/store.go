// Package grpckv is a key-value store over gRPC, unmodified: a grpc.Server on a
// listener of the host, and connections that dial by the host.
//
// Node n1 has the data. The other nodes follow it: each keeps one stream open on
// which n1 sends every change, and answers reads from its own copy. Before it does
// so it asks n1 how many changes there are, and waits until its copy has them;
// that is linearizable. A [Store] can leave the question out, as a cache that is
// fed by a watch does; the test shows the stale reads that follow.
//
// It runs, and its histories are judged, but most seeds do not repeat a run: gRPC
// draws its backoff from the global source of math/rand/v2, and it matters which
// of its goroutines runs first. docs/reference/libraries.md has the numbers, and TestRepeats
// measures them.
package grpckv

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/calm"
)

const (
	port    = ":50051"
	primary = "n1"
	pause   = 200 * time.Millisecond // before a follower asks for the stream again
)

// A Store is the store. The zero Store is linearizable.
type Store struct {
	// StaleReads makes followers answer reads from their copies without asking
	// whether these are complete.
	StaleReads bool

	// Calm makes gRPC leave less to chance: no jitter of the backoff, windows of a
	// fixed size, and one call at a time on a follower's connection to the primary.
	Calm bool
}

// Run serves gRPC on one node until its host crashes.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	l, err := h.Listen("tcp", port)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	n := newNode(s, ctx, h)
	if h.Name() == primary {
		h.SetRole("primary")
	} else {
		h.SetRole("follower")
		if n.primary, err = s.dial(h, primary); err != nil {
			return err
		}
		defer n.primary.Close()
		go n.follow()
	}
	if s.Calm {
		l = calm.Listener(h, l)
	}
	server := grpc.NewServer(s.serverOptions()...)
	server.RegisterService(&description, n)
	defer context.AfterFunc(ctx, server.Stop)()
	return server.Serve(l)
}

// dial returns a connection to a node. It connects when it is used, and again
// when it broke.
func (s Store) dial(h *cluster.Host, node string) (*grpc.ClientConn, error) {
	connect := h.DialContext
	if s.Calm {
		connect = calm.Dialer(h)
	}
	// The target says passthrough: dns would ask the machine's resolver.
	return grpc.NewClient("passthrough:///"+node+port, append(s.dialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			return connect(ctx, "tcp", addr)
		}),
	)...)
}

// window is large enough for gRPC not to measure the connection by pings.
const window = 1 << 20

// dialOptions has a backoff that ends soon after a partition: gRPC's own grows to
// two minutes.
func (s Store) dialOptions() []grpc.DialOption {
	b := backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second}
	if s.Calm {
		b.Jitter = 0
	}
	options := []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{Backoff: b, MinConnectTimeout: time.Second})}
	if s.Calm {
		options = append(options, grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(window), grpc.WithIdleTimeout(0))
	}
	return options
}

func (s Store) serverOptions() []grpc.ServerOption {
	if !s.Calm {
		return nil
	}
	return []grpc.ServerOption{grpc.InitialWindowSize(window), grpc.InitialConnWindowSize(window)}
}
