package chainkv

import (
	"context"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/session"
)

// A request is what a client asks. A retry bears the same session and number.
type request struct {
	write
	read    bool
	attempt uint64 // counts what the session has sent: a copy by the network bears the same
}

type response struct {
	noChain bool // it was not carried out, and will not be
	value   int
}

// fate returns what the answer says of the operation.
func (r response) fate() session.Fate {
	if r.noChain {
		return session.NotDone
	}
	return session.Done
}

// inquiry asks a node for the digest of its state.
type inquiry struct{}

// ErrNoChain is what an operation ends with that certainly was not carried out:
// no node that was asked knew of a chain that works.
var ErrNoChain error = noChainError{}

type noChainError struct{}

func (noChainError) Error() string      { return "no chain" }
func (noChainError) DidNotHappen() bool { return true }

// A Client is a session with one node of a [Store]. It does one thing at a time.
type Client struct{ s *session.Session }

// Open opens a session with the node that the host is bound to.
func (s Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return &Client{session.New(h, ErrNoChain)}, nil
}

// Get returns the value of a key, 0 if it has none.
func (c *Client) Get(ctx context.Context, key string) (int, error) {
	return c.do(ctx, request{read: true, write: write{Key: key}})
}

// Put sets the value of a key.
func (c *Client) Put(ctx context.Context, key string, value int) error {
	_, err := c.do(ctx, request{write: write{Key: key, Value: value}})
	return err
}

// CAS sets the value of a key to value if it is old, and returns what it found.
func (c *Client) CAS(ctx context.Context, key string, old, value int) (int, error) {
	return c.do(ctx, request{write: write{Key: key, CAS: true, Old: old, Value: value}})
}

// Close ends the session.
func (c *Client) Close() error { return nil }

// do asks until it is answered or ctx is done. If no attempt can have had an
// effect the error is [ErrNoChain]; otherwise the operation is indeterminate.
func (c *Client) do(ctx context.Context, req request) (int, error) {
	r, err := session.Do(ctx, c.s, func(number, attempt uint64) *request {
		again := req
		again.Session, again.Number, again.attempt = c.s.ID, number, attempt
		return &again
	}, response.fate)
	return r.value, err
}
