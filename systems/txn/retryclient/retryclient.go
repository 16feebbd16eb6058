// Package retryclient is the client of a database of transactions that tries again what failed, as drivers do for their users. It is where
// databases that are right get wrong answers: a client that retries a transaction must know that it did not happen.
//
// A transaction that was aborted is tried again until its time is over. One whose outcome is unknown is not: it may have happened, and
// would happen twice. The caller hears that it is unknown.
//
// Mistakes are options, off by default; see [Bug]. [Store] is package twopc with this client.
package retryclient

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/bugset"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/twopc"
	"github.com/capsize-go/capsize/workloads"
)

// A Bug is a set of mistakes for a [Client] to make.
type Bug uint

const (
	// RetryUnknown tries a transaction again whose outcome is unknown, with nothing by which the database could recognise it: it may be carried
	// out twice, and read what it has written itself before. MongoDB 4.2.6: https://jepsen.io/analyses/mongodb-4.2.6 says how.
	RetryUnknown Bug = 1 << iota

	// UnknownIsFailure says of a transaction that was not answered in time that it failed. It may have been committed, or be
	// committed later. https://github.com/jepsen-io/jepsen/issues/596.
	UnknownIsFailure
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("retryclient",
	bugset.Of(RetryUnknown, "retry-unknown", "a transaction whose outcome is unknown is tried again"),
	bugset.Of(UnknownIsFailure, "unknown-is-failure", "a transaction that was not answered in time is said to have failed"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }

const (
	// pause is how long a client waits before it tries again.
	pause = 10 * time.Millisecond

	// attempt is how long a client that tries again what is unknown waits for an answer.
	attempt = 120 * time.Millisecond
)

// A Client tries the transactions of another client again.
type Client struct {
	h    *cluster.Host
	db   workloads.Transactor
	bugs Bug
}

// New returns a client on a host, which closes db when it is closed.
func New(h *cluster.Host, db workloads.Transactor, bugs Bug) *Client { return &Client{h, db, bugs} }

// Close closes the client below.
func (c *Client) Close() error { return c.db.Close() }

// Txn carries out a transaction. The error is one of the client below: [model.ErrAborted] if it was aborted each time that it was tried.
func (c *Client) Txn(ctx context.Context, ops []model.TxnOp) ([]model.TxnOp, error) {
	for {
		out, err := c.once(ctx, ops)
		if err == nil {
			return out, nil
		}
		again := model.IsAborted(err) || c.bugs&RetryUnknown != 0
		if again && ctx.Err() == nil && c.h.Sleep(pause) == nil && ctx.Err() == nil {
			continue
		}
		if c.bugs&UnknownIsFailure != 0 && !model.IsAborted(err) {
			err = errors.Join(fmt.Errorf("no answer: %w", model.ErrAborted), err)
		}
		return nil, err
	}
}

// once tries a transaction once.
func (c *Client) once(ctx context.Context, ops []model.TxnOp) ([]model.TxnOp, error) {
	if c.bugs&RetryUnknown != 0 {
		short, cancel := c.h.WithTimeout(ctx, attempt)
		defer cancel()
		ctx = short
	}
	return c.db.Txn(ctx, ops)
}

// A Store is the database of package twopc, of which nothing is wrong, with clients that try again.
type Store struct {
	twopc.Store
	Retries Bug // mistakes of the clients; none by default
}

// Open opens a session with the node that the host is bound to.
func (s Store) Open(ctx context.Context, h *cluster.Host) (*Client, error) {
	db, err := s.Store.Open(ctx, h)
	if err != nil {
		return nil, err
	}
	return New(h, db, s.Retries), nil
}
