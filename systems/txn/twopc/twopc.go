// Package twopc is a database of lists, registers and rows whose transactions are strictly serializable: keys are partitioned over the nodes,
// each of which locks what is read and written in it, and transactions commit in two phases.
//
// The node that a client is bound to coordinates its transactions. It has the node of each key carry out the operations, one after
// the other, under locks that are kept till the end (Eswaran, Gray, Lorie and Traiger, The Notions of Consistency and Predicate Locks
// in a Database System, CACM 1976). A younger transaction that meets the lock of an older one is aborted, and an older one
// waits (wait-die of Rosenkrantz, Stearns and Lewis, TODS 1978), so there are no deadlocks; both wait for one that is prepared already. Then the coordinator asks all participants to
// prepare; once all have said yes it writes to its log that the transaction commits, and that is the instant at which it does.
// What no log knows of was aborted: presumed abort of Mohan, Lindsay and Obermarck, Transaction Management in the R* Distributed Database
// Management System (TODS 1986).
//
// A participant that has said yes is in doubt until it hears of the decision: it asks the coordinator and the other participants, and
// keeps its locks meanwhile. That is the price of two phases: while the coordinator is down, the keys of its transactions are too.
// No key has a second copy. A node that finds that its disk has lost something serves its keys no more, and coordinates only.
//
// Mistakes are options, off by default; see [Bug].
package twopc

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// A Store is the database. The zero Store is correct.
type Store struct {
	Bugs Bug // mistakes to make; none by default
}

// EventDriven says that the store uses the message seam alone.
func (Store) EventDriven() {}

// ElectionTimeout is how long nodes may take to notice a change. There are no elections; it is the pace for faults and for how soon all
// must work again.
func (Store) ElectionTimeout() time.Duration { return 2 * patience }

const (
	// resend is how long a node waits before it repeats a message that was not answered.
	resend = 40 * time.Millisecond

	// patience is how long a coordinator tries to carry out and prepare a transaction before it aborts it.
	patience = 300 * time.Millisecond

	// idle is how long a participant keeps the locks of a transaction that has not been prepared and of which it hears nothing.
	idle = 3 * patience

	// doubt is how long a participant that has said yes waits for the decision before it asks for it.
	doubt = 160 * time.Millisecond
)

// A Client is a session with one node of a [Store]. It does one thing at a time.
type Client struct {
	h       *cluster.Host
	session uint64
	number  uint64
	life    uint64 // of the node, as it said last
}

// Open opens a session with the node that the host is bound to. It sends nothing yet.
func (Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return &Client{h: h, session: h.Rand().Uint64()}, nil
}

// Txn carries out a transaction. It is not tried again: the node does not recognise a retry of one that it may have carried out. The
// error is [model.ErrAborted] if the transaction certainly did not happen.
func (c *Client) Txn(ctx context.Context, ops []model.TxnOp) ([]model.TxnOp, error) {
	for {
		c.number++
		r, err := cluster.Ask[*response](ctx, c.h, c.h.Node(), &request{life: c.life, session: c.session, number: c.number, ops: ops})
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", c.h.Node(), err)
		case r.status == committed:
			return r.ops, nil
		case r.status == aborted:
			return nil, fmt.Errorf("%s: %s: %w", c.h.Node(), r.why, model.ErrAborted)
		}
		c.life = r.life // the node has booted since it was asked last
	}
}

// Close ends the session.
func (c *Client) Close() error { return nil }

// ownerOf returns the node that has a key.
func ownerOf(key string, nodes []string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return nodes[h.Sum32()%uint32(len(nodes))]
}
