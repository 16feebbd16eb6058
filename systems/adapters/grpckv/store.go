package grpckv

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/workloads"
)

const (
	port    = ":50051"
	primary = "n1"
)

// A Store is the store. The zero Store is linearizable. Its primary must not crash: it has the data in memory.
type Store struct{ Bugs Bug }

// Run serves gRPC on one node until its host crashes.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	l, err := h.Listen("tcp", port)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	n := newNode(ctx, s, h)
	if h.Name() == primary {
		h.SetRole("leader")
	} else {
		h.SetRole("follower")
		if n.primary, err = s.dial(h, roundRobin, primary); err != nil {
			return err
		}
		defer n.primary.Close()
		go n.follow()
		go n.collect()
	}
	server := grpc.NewServer(grpc.ForceServerCodec(s.codec()))
	server.RegisterService(&description, n)
	defer context.AfterFunc(ctx, server.Stop)()
	return server.Serve(l)
}

func (s Store) codec() codec { return codec{s.Bugs&PooledBuffer != 0} }

// The service configs of clients.
const (
	roundRobin = `{"loadBalancingConfig": [{"round_robin": {}}]}`
	retrying   = `{"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": [{"name": [{"service": "capsize.Store", "method": "Write"}],
		"retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`
)

// dial returns a connection to some nodes. It connects by itself, and again when it broke, with a backoff
// that ends soon after a partition: gRPC's own grows to two minutes.
func (s Store) dial(h *cluster.Host, config string, nodes ...string) (*grpc.ClientConn, error) {
	r := manual.NewBuilderWithScheme("nodes") // dns would ask the machine's resolver
	var state resolver.State
	for _, n := range nodes {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: n + port, ServerName: n})
	}
	r.InitialState(state)
	conn, err := grpc.NewClient("nodes:///store", grpc.WithResolvers(r), grpc.WithDefaultServiceConfig(config),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(s.codec())),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: time.Second,
		}),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) { return h.DialContext(ctx, "tcp", addr) }),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to %v: %w", nodes, err)
	}
	return conn, nil
}

// A Client calls all nodes in turn.
type Client struct {
	conn *grpc.ClientConn
	bugs Bug
}

// Open returns a client, which stays connected.
func (s Store) Open(_ context.Context, h *cluster.Host) (Client, error) {
	config := roundRobin
	if s.Bugs&RetryWrites != 0 {
		config = retrying
	}
	conn, err := s.dial(h, config, h.Nodes()...)
	return Client{conn, s.Bugs}, err
}

// Get reads a key; one that was never written is 0.
func (c Client) Get(ctx context.Context, key string) (int, error) {
	return c.call(ctx, methodGet, Request{Key: key})
}

// Put writes a key. After an error it may have been written: gRPC answers UNAVAILABLE for a call that never left and for one
// whose answer was lost.
func (c Client) Put(ctx context.Context, key string, value int) error {
	_, err := c.call(ctx, methodWrite, Request{Key: key, Value: value})
	return err
}

// CAS writes a key if its value is old, and returns the value that it found.
func (c Client) CAS(ctx context.Context, key string, old, value int) (int, error) {
	return c.call(ctx, methodWrite, Request{Key: key, Value: value, Swap: true, Old: old})
}

func (c Client) call(ctx context.Context, method string, r Request) (int, error) {
	var out Reply
	err := c.conn.Invoke(ctx, method, r, &out)
	if c.bugs&LateIsFailed != 0 && (status.Code(err) == codes.DeadlineExceeded || errors.Is(err, context.DeadlineExceeded)) {
		err = fmt.Errorf("%w: %w", workloads.ErrFail, err)
	}
	return out.Found, err
}

// Close closes the connections.
func (c Client) Close() error { return c.conn.Close() }
