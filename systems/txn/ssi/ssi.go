// Package ssi is a database with one primary that carries out all transactions that write, by serializable snapshot isolation of
// Cahill, Röhm and Fekete, Serializable Isolation for Snapshot Databases (SIGMOD 2008), which PostgreSQL has since 9.1: Ports and
// Grittner, Serializable Snapshot Isolation in PostgreSQL (VLDB 2012).
//
// A transaction reads a snapshot as of its begin, and of two at the same time that write a key the first to commit wins.
// That is snapshot isolation, which allows write skew. So the primary also remembers who has read what, by SIREAD locks that block no
// one: an anti-dependency is then known when its second party comes. In each cycle that snapshot isolation allows there is a
// transaction with an anti-dependency both into it and out of it, at the same time as both its neighbours (Fekete et al., Making
// Snapshot Isolation Serializable, TODS 2005); such a one is aborted, or if it has committed already, who would complete it.
//
// Commits go through a replicated log to all nodes, in the order in which they become visible: see package quorumlog. The leader of
// the log is the primary, while its lease lasts.
//
// What it promises depends on [Reads]: at the primary, it is strictly serializable; with read-only transactions at replicas, which see some
// prefix of the log, it is snapshot isolated, and not serializable, as PostgreSQL with hot standby.
//
// Mistakes are options, off by default; see [Bug].
package ssi

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/front"
	"github.com/capsize-go/capsize/systems/txn/internal/quorumlog"
)

// A Reads says where transactions go that only read.
type Reads uint8

const (
	AtPrimary Reads = iota // to the primary, as all others
	AtReplica              // to the client's node, which answers from what it has applied
)

// A Store is such a database. The zero Store is strictly serializable.
type Store struct {
	Reads Reads
	Bugs  Bug // mistakes to make; none by default
}

// EventDriven says that the database uses the message seam alone.
func (Store) EventDriven() {}

// ElectionTimeout is the longest that a node waits before it stands for election.
func (Store) ElectionTimeout() time.Duration { return quorumlog.ElectionTimeout }

const (
	// statement is about how long the primary takes for one operation.
	statement = 2 * time.Millisecond

	// patience is how many ticks a node waits for the primary to carry out a transaction.
	patience = 40

	// delay is how long a commit may stay hidden on a primary that shows commits out of order.
	delay = 120 * time.Millisecond
)

// A Client is a session with one node of a [Store]. It does one thing at a time.
type Client = front.Client

// Open opens a session with the node that the host is bound to, for transactions of reads, writes of registers, appends to lists, inserts
// and deletes of rows, and reads of all rows that have a value, by a predicate like "[= 3]". It sends nothing yet.
func (Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return front.New(h, model.TxnRead, model.TxnWrite, model.TxnAppend, model.TxnInsert, model.TxnDelete, model.TxnReadAll), nil
}

func (s Store) bug(b Bug) bool { return s.Bugs&b != 0 }

// ReadsAtReplicas reports whether read-only transactions stay at their node.
func (s Store) ReadsAtReplicas() bool { return s.Reads == AtReplica || s.bug(VisibleOutOfOrder) }
