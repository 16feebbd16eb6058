package chainkv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

const (
	attempt = 300 * time.Millisecond // how long a client waits for one answer
	pause   = 50 * time.Millisecond  // how long it waits after there was no chain
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

// inquiry asks a node for the digest of its state.
type inquiry struct{}

// ErrNoChain is the error of an operation that certainly was not carried out:
// the node knew of no chain that works.
var ErrNoChain error = noChainError{}

type noChainError struct{}

func (noChainError) Error() string      { return "no chain" }
func (noChainError) DidNotHappen() bool { return true }

// A Client is a session with one node of a [Store]. It does one thing at a time.
type Client struct {
	h                        *cluster.Host
	session, number, attempt uint64
}

// Open opens a session with the node that the host is bound to.
func (s Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return &Client{h: h, session: h.Rand().Uint64()}, nil
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

// do retries until there is an answer or ctx is done. If no attempt can have had an
// effect the error is [ErrNoChain]; otherwise the operation is indeterminate.
func (c *Client) do(ctx context.Context, req request) (int, error) {
	c.number++
	req.Session, req.Number = c.session, c.number
	harmless := true
	for {
		r, err := c.try(ctx, req)
		if err == nil && !r.noChain {
			return r.value, nil
		}
		harmless = harmless && err == nil
		if ctx.Err() == nil && err == nil {
			err = c.h.Sleep(pause)
		}
		if ctx.Err() != nil || errors.Is(err, cluster.ErrCrashed) {
			if harmless {
				return 0, ErrNoChain
			}
			return 0, fmt.Errorf("%s: %w", c.h.Node(), cmp.Or(ctx.Err(), err))
		}
	}
}

func (c *Client) try(ctx context.Context, req request) (response, error) {
	ctx, cancel := c.h.WithTimeout(ctx, attempt)
	defer cancel()
	c.attempt++
	req.attempt = c.attempt
	return cluster.Ask[response](ctx, c.h, c.h.Node(), &req)
}
