package grpckv

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/capsize-go/capsize/cluster"
)

// A Client talks to one node.
type Client struct{ conn *grpc.ClientConn }

// Open returns a client of the node that the host is bound to.
func (s Store) Open(_ context.Context, h *cluster.Host) (Client, error) {
	conn, err := s.dial(h, h.Node())
	return Client{conn}, err
}

// Get reads a key; one that was never written is 0.
func (c Client) Get(ctx context.Context, key string) (int, error) {
	out := new(wrapperspb.Int64Value)
	err := c.conn.Invoke(ctx, methodGet, wrapperspb.String(key), out)
	return int(out.Value), err
}

// Put writes a key. After an error it may have been written: gRPC answers
// Unavailable for a call that never left and for one whose answer was lost.
func (c Client) Put(ctx context.Context, key string, value int) error {
	return c.conn.Invoke(ctx, methodPut, change(key, value), new(emptypb.Empty))
}

// Close closes the connection.
func (c Client) Close() error { return c.conn.Close() }
