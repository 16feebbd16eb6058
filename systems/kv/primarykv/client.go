package primarykv

import (
	"context"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/session"
)

// A request is what a client asks. A retry bears the same session and number.
type request struct {
	op         op
	session    uint64
	number     uint64
	attempt    uint64 // counts what the session has sent: a copy by the network bears the same
	key        string
	old, value int
}

type op uint8

const (
	opGet op = 1 + iota
	opPut
	opCAS
)

type response struct {
	status status
	value  int
}

type status uint8

const (
	done      status = iota
	noPrimary        // it was not carried out, and will not be
	lost             // nobody knows: the primary that took it is one no more
)

// fate returns what the answer says of the operation.
func (r response) fate() session.Fate {
	switch r.status {
	case done:
		return session.Done
	case noPrimary:
		return session.NotDone
	}
	return session.Indeterminate
}

// inquiry asks a node for the digest of its state.
type inquiry struct{}

// ErrNoPrimary is what an operation ends with that certainly was not carried out:
// no node that was asked was, or knew, a primary that serves.
var ErrNoPrimary error = noPrimaryError{}

type noPrimaryError struct{}

func (noPrimaryError) Error() string      { return "no primary" }
func (noPrimaryError) DidNotHappen() bool { return true }

// A Client is a session with one node of a [Store]. It does one thing at a time.
type Client struct{ s *session.Session }

// Open opens a session with the node that the host is bound to.
func (s Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return &Client{session.New(h, ErrNoPrimary)}, nil
}

// Get returns the value of a key, 0 if it has none.
func (c *Client) Get(ctx context.Context, key string) (int, error) {
	return c.do(ctx, request{op: opGet, key: key})
}

// Put sets the value of a key.
func (c *Client) Put(ctx context.Context, key string, value int) error {
	_, err := c.do(ctx, request{op: opPut, key: key, value: value})
	return err
}

// CAS sets the value of a key to value if it is old, and returns what it found.
func (c *Client) CAS(ctx context.Context, key string, old, value int) (int, error) {
	return c.do(ctx, request{op: opCAS, key: key, old: old, value: value})
}

// Close ends the session.
func (c *Client) Close() error { return nil }

// do asks until it is answered or ctx is done. If no attempt can have had an
// effect the error is [ErrNoPrimary]; otherwise the operation is indeterminate.
func (c *Client) do(ctx context.Context, req request) (int, error) {
	r, err := session.Do(ctx, c.s, func(number, attempt uint64) *request {
		again := req
		again.session, again.number, again.attempt = c.s.ID, number, attempt
		return &again
	}, response.fate)
	return r.value, err
}
