// Package psi is a transactional store whose sites commit on their own, after Sovran et al., Transactional Storage for Geo-Replicated
// Systems (Walter, SOSP 2011). It keeps parallel snapshot isolation, and no more: two sites may see two transactions that do not know of one
// another in different orders for a while, which is called a long fork, and is not allowed under snapshot isolation.
//
// Every node is a site that holds everything. A transaction runs at the site of its client, on the snapshot that the site has then.
// Each key has a preferred site. A transaction that writes only keys which its own site is preferred for commits there at once, whatever
// the network does. Any other asks the preferred sites of what it writes, and each refuses if the key was changed after the
// snapshot or is about to be. Committed transactions go to all other sites, which apply them in causal order: each after all
// that its snapshot had.
//
// Sites keep what they commit in two files, as on a mirrored disk, since another site may not have it yet. Mistakes are options, off by
// default; see [Bug].
package psi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/cell"
)

// A Store holds lists and registers by key. The zero Store is correct.
type Store struct {
	Bugs Bug // mistakes to make; none by default
}

// EventDriven says that the store uses the message seam alone.
func (Store) EventDriven() {}

// ElectionTimeout is how long sites may take to notice a change. There are no elections; it is the pace for faults and for how soon all must
// work again.
func (Store) ElectionTimeout() time.Duration { return 2 * patience }

const (
	every    = 25 * time.Millisecond  // between two batches of commits to the other sites
	tick     = 50 * time.Millisecond  // between two looks at what is pending
	gossip   = 2                      // ticks between two messages that say what a site has
	ask      = 10                     // ticks between two questions about a transaction that holds a lock
	settled  = 20                     // ticks after which all that a site has voted for in its last life has come to an end
	patience = 500 * time.Millisecond // how long a transaction waits for the votes of other sites
)

// A request is a transaction that a client asks its site for. The network may duplicate it and deliver the copy much later. The
// site recognizes the copy by its number and, if it has restarted meanwhile, by the life that it was sent to.
type request struct {
	life   uint64 // of the site
	ticket ticket
	ops    []model.TxnOp
}

// A ticket identifies a request: no two clients have the same session.
type ticket struct{ session, number uint64 }

// A response answers a request.
type response struct {
	status status
	life   uint64 // of the site
	ops    []model.TxnOp
}

type status uint8

const (
	done    status = iota
	aborted        // none of it was carried out, or will be
	other          // it was meant for another life of the site
)

// A Client is a session with one site of a [Store]. It does one thing at a time.
type Client struct {
	h      *cluster.Host
	ticket ticket
	life   uint64 // of the site, as it said last
}

// Open opens a session with the site that the host is bound to. It sends nothing yet.
func (Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return &Client{h: h, ticket: ticket{session: h.Rand().Uint64()}}, nil
}

// Txn carries out the operations as one transaction: appends, writes and reads. The error is [model.ErrAborted] if it certainly did
// not happen; any other says that it may have. It is not tried again: a site may have committed it.
func (c *Client) Txn(ctx context.Context, ops []model.TxnOp) ([]model.TxnOp, error) {
	for _, op := range ops {
		if !cell.Known(op) {
			return nil, fmt.Errorf("psi: %q is none of append, w, r: %w", op.F, model.ErrAborted)
		}
	}
	for {
		c.ticket.number++
		r, err := cluster.Ask[response](ctx, c.h, c.h.Node(), &request{c.life, c.ticket, ops})
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", c.h.Node(), err)
		case r.status == done:
			return r.ops, nil
		case r.status == aborted:
			return nil, model.ErrAborted
		case r.life == c.life:
			return nil, errors.New("psi: the site refuses its own life")
		}
		c.life = r.life
	}
}

// Close ends the session.
func (c *Client) Close() error { return nil }
