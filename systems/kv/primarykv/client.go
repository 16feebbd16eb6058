package primarykv

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
	pause   = 50 * time.Millisecond  // how long it waits after there was no primary
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
	lost             // indeterminate: the node that took it is no longer primary
)

// inquiry asks a node for the digest of its state.
type inquiry struct{}

// ErrNoPrimary is the error of an operation that certainly was not carried out:
// the node neither was nor knew a primary that serves.
var ErrNoPrimary error = noPrimaryError{}

type noPrimaryError struct{}

func (noPrimaryError) Error() string      { return "no primary" }
func (noPrimaryError) DidNotHappen() bool { return true }

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

// do retries until there is an answer or ctx is done. If no attempt can have had an
// effect the error is [ErrNoPrimary]; otherwise the operation is indeterminate.
func (c *Client) do(ctx context.Context, req request) (int, error) {
	c.number++
	req.session, req.number = c.session, c.number
	harmless := true
	for {
		r, err := c.try(ctx, req)
		if err == nil && r.status == done {
			return r.value, nil
		}
		harmless = harmless && err == nil && r.status == noPrimary
		if ctx.Err() == nil && err == nil {
			err = c.h.Sleep(pause)
		}
		if ctx.Err() != nil || errors.Is(err, cluster.ErrCrashed) {
			if harmless {
				return 0, ErrNoPrimary
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
