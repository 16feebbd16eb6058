// Package hlc is a transactional store in which every node begins transactions by its own clock, after CockroachDB (Taft et al., CockroachDB:
// The Resilient Geo-Distributed SQL Database, SIGMOD 2020). It is serializable, in the order of its timestamps, and each key
// is linearizable for as long as clocks differ by no more than [Store.MaxOffset]; but it is not strictly serializable.
//
// Keys belong to ranges, each of which is a group of raft with a leader. A key has versions under timestamps of hybrid logical
// clocks. A transaction reads at its timestamp. A version that is a little later may have been written before the transaction began, by
// a faster clock: then it begins again at the timestamp of that version. What it writes is laid down as intents, behind all versions
// and all reads that the leader of the range has answered; if that moves it to a later timestamp, what it read must be unchanged up
// to there. It is committed by a record in one range; who finds an intent for too long has the transaction aborted by the same
// record.
//
// A leader has the timestamps of reads that it answers committed in the log of its range first. So it leads still when it answers, and its
// successor writes nothing below them. CockroachDB has leases for both, which rely on clocks.
//
// Mistakes are options, off by default; see [Bug].
package hlc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/cell"
	"github.com/capsize-go/capsize/systems/txn/internal/replog"
)

// A Store holds lists and registers by key. The zero Store is correct.
type Store struct {
	Bugs   Bug // mistakes to make; none by default
	Ranges int // of keys; default 3

	// MaxOffset is by how much clocks may differ, and may be 5 min at most. That is the default too: the nemeses that this module ships set a
	// clock wrong by up to 100 s, jumps and drift not counted, and two of them in opposite directions. CockroachDB's is 500 ms.
	MaxOffset time.Duration

	// MoveEvery is how often the leadership of a range moves on to another node, as it does in a store that balances its load. Default 500 ms.
	MoveEvery time.Duration
}

// EventDriven says that the store uses the message seam alone.
func (Store) EventDriven() {}

// ElectionTimeout is the longest that a node waits before it stands for leader of a range.
func (Store) ElectionTimeout() time.Duration { return replog.ElectionTimeout }

const (
	tick     = 50 * time.Millisecond   // between two looks at what is pending
	patience = 1000 * time.Millisecond // how long a node tries to get a transaction done
	wait     = 400 * time.Millisecond  // how long it waits for the answers of ranges before it tries again
	resend   = 10 * time.Millisecond   // how long it waits before it asks a range again that had no leader
	think    = 30 * time.Millisecond   // the longest that passes between two statements of a transaction
	pause    = 10 * time.Millisecond   // the least that it waits after a conflict
	stuck    = 8                       // ticks after which a range asks what has happened to the transaction of an intent

	tightOffset = 5 * time.Millisecond
	mostOffset  = 5 * time.Minute
)

// A request is a transaction that a client asks its node for. The network may duplicate it and deliver the copy much later. The
// node recognizes the copy by its number and, if it has restarted meanwhile, by the life that it was sent to.
type request struct {
	life   uint64 // of the node
	ticket ticket
	seen   stamp // of the client's last transaction: this one comes later
	ops    []model.TxnOp
}

// A ticket identifies a request: no two clients have the same session.
type ticket struct{ session, number uint64 }

// A response answers a request.
type response struct {
	status status
	life   uint64 // of the node
	at     stamp
	ops    []model.TxnOp
}

type status uint8

const (
	done    status = iota
	aborted        // none of it was carried out, or will be
	lost           // it may be committed or not
	other          // it was meant for another life of the node
)

var errLost = errors.New("it is unknown whether the transaction was committed")

// A Client is a session with one node of a [Store]. It does one thing at a time.
type Client struct {
	h      *cluster.Host
	ticket ticket
	life   uint64 // of the node, as it said last
	seen   stamp
}

// Open opens a session with the node that the host is bound to. It sends nothing yet.
func (Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return &Client{h: h, ticket: ticket{session: h.Rand().Uint64()}}, nil
}

// Txn carries out the operations as one transaction: appends, writes and reads. The error is [model.ErrAborted] if it certainly did
// not happen; any other says that it may have.
func (c *Client) Txn(ctx context.Context, ops []model.TxnOp) ([]model.TxnOp, error) {
	for _, op := range ops {
		if !cell.Known(op) {
			return nil, fmt.Errorf("hlc: %q is none of append, w, r: %w", op.F, model.ErrAborted)
		}
	}
	for {
		c.ticket.number++
		r, err := cluster.Ask[response](ctx, c.h, c.h.Node(), &request{c.life, c.ticket, c.seen, ops})
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", c.h.Node(), err)
		case r.status == done:
			c.seen = later(c.seen, r.at)
			return r.ops, nil
		case r.status == aborted:
			return nil, model.ErrAborted
		case r.status == lost:
			return nil, fmt.Errorf("%s: %w", c.h.Node(), errLost)
		case r.life == c.life:
			return nil, errors.New("hlc: the node refuses its own life")
		}
		c.life = r.life
	}
}

// Close ends the session.
func (c *Client) Close() error { return nil }
