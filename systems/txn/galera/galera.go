// Package galera is a database that each node has a copy of, and of which each node carries out transactions on its own: what a
// transaction wrote is sent to all nodes in one total order, and each certifies it there, with the same result. Pedone, Guerraoui and
// Schiper, The Database State Machine Approach (2003), and Kemme and Alonso (TODS 2000) are the source; Galera Cluster is the
// product that made it known.
//
// A transaction reads the copy of its node as it was when it began. At its commit its writes, and the place in the order that
// it read from, go into the order. There it commits unless a write since that place has changed a key that it writes: the first
// committer wins. Its client is answered when its own node has come to that place.
//
// It promises snapshot isolation. A node may be behind the others, so a snapshot may be old (generalized snapshot isolation:
// Elnikety, Pedone and Zwaenepoel, SRDS 2005); but within a session, which keeps to one node, each transaction sees what those
// before it saw and wrote: strong session snapshot isolation (Daudjee and Salem, VLDB 2006). Write skew is possible.
//
// The order is a replicated log: see package quorumlog. A node that knows no leader of it answers nothing, as one that is not in
// Galera's primary component.
//
// Mistakes are options, off by default; see [Bug].
package galera

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/front"
	"github.com/capsize-go/capsize/systems/txn/internal/quorumlog"
)

// A Store is such a database. The zero Store keeps strong session snapshot isolation.
type Store struct {
	Bugs Bug // mistakes to make; none by default
}

// EventDriven says that the database uses the message seam alone.
func (Store) EventDriven() {}

// ElectionTimeout is the longest that a node waits before it stands for election.
func (Store) ElectionTimeout() time.Duration { return quorumlog.ElectionTimeout }

const (
	// statement is about how long a node takes for one operation.
	statement = 2 * time.Millisecond

	// resend is how many ticks a node waits before it sends a write set again.
	resend = 4

	// patience is how many ticks a node waits for a write set to be ordered.
	patience = 40
)

// A Client is a session with one node of a [Store]. It does one thing at a time.
type Client = front.Client

// Open opens a session with the node that the host is bound to, for transactions of reads, writes of registers and appends to lists.
// It sends nothing yet.
func (Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return front.New(h, model.TxnRead, model.TxnWrite, model.TxnAppend), nil
}

func (s Store) bug(b Bug) bool { return s.Bugs&b != 0 }
