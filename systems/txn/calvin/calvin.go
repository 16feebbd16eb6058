// Package calvin is a transactional store that orders transactions before it carries them out, after Thomson et al., Calvin: Fast
// Distributed Transactions for Partitioned Database Systems (SIGMOD 2012). It is strictly serializable.
//
// A sequencer numbers all transactions in one log, which is replicated by raft. Every node is a replica of the whole store, as
// one of Calvin's replicas is, and carries out the log on its own: locks are granted in the order of the log, so that replicas
// agree without a commit protocol, and transactions that touch different keys run at the same time. A client is answered by the
// replica of its node, once that has carried out the client's transaction.
//
// Rows live in shards, and move: after every few writes a row moves on to another shard. So the shards that a transaction needs depend on what is
// stored, and must be known before it is in the log: the node looks them up (a reconnaissance read, §3.2.1 of the paper), and
// the replicas check that they are still right when the turn of the transaction comes. If they are not, it is aborted, by all replicas alike.
//
// Mistakes are options, off by default; see [Bug].
package calvin

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/internal/session"
	"github.com/capsize-go/capsize/systems/txn/internal/cell"
	"github.com/capsize-go/capsize/systems/txn/internal/replog"
)

// A Store holds lists and registers by key. The zero Store is correct.
type Store struct {
	Bugs          Bug // mistakes to make; none by default
	Shards        int // of each replica; default 3
	MoveEvery     int // after how many writes a row moves to another shard; default 4
	SnapshotEvery int // how many transactions a replica carries out before it takes a snapshot; default 200
}

// EventDriven says that the store uses the message seam alone.
func (Store) EventDriven() {}

// ElectionTimeout is the longest that a node waits before it stands for sequencer.
func (Store) ElectionTimeout() time.Duration { return replog.ElectionTimeout }

// ErrNoSequencer is what a transaction ends with that certainly was not carried out: its node knew no sequencer.
var ErrNoSequencer error = noSequencerError{}

type noSequencerError struct{}

func (noSequencerError) Error() string      { return "no sequencer" }
func (noSequencerError) DidNotHappen() bool { return true }

// A request is a transaction that a client asks its node for. A retry bears the same session and number.
type request struct {
	ticket  ticket
	attempt uint64 // counts what the session has sent: a copy by the network bears the same
	ops     []model.TxnOp
}

// A ticket identifies a transaction: no two clients have the same session.
type ticket struct{ Session, Number uint64 }

// A response answers a request.
type response struct {
	status status
	ops    []model.TxnOp // as they were carried out
}

type status uint8

const (
	done        status = iota
	aborted            // none of it was carried out, or will be
	noSequencer        // this request was not put into the log
)

func (r response) fate() session.Fate {
	if r.status == noSequencer {
		return session.NotDone
	}
	return session.Done
}

// A Client is a session with one node of a [Store]. It does one thing at a time.
type Client struct{ s *session.Session }

// Open opens a session with the node that the host is bound to. It sends nothing yet.
func (Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return &Client{session.New(h, ErrNoSequencer)}, nil
}

// Txn carries out the operations as one transaction: appends, writes and reads. The error is [model.ErrAborted] or [ErrNoSequencer] if
// it certainly did not happen; any other says that it may have.
func (c *Client) Txn(ctx context.Context, ops []model.TxnOp) ([]model.TxnOp, error) {
	for _, op := range ops {
		if !cell.Known(op) {
			return nil, fmt.Errorf("calvin: %q is none of append, w, r: %w", op.F, model.ErrAborted)
		}
	}
	r, err := session.Do(ctx, c.s, func(number, attempt uint64) *request {
		return &request{ticket{c.s.ID, number}, attempt, ops}
	}, response.fate)
	switch {
	case err != nil:
		return nil, err
	case r.status == aborted:
		return nil, model.ErrAborted
	}
	return r.ops, nil
}

// Close ends the session.
func (c *Client) Close() error { return nil }
