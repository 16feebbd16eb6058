// Package percolator is a database of keys on several shards, with transactions of Peng and Dabek, Large-scale Incremental
// Processing Using Distributed Transactions and Notifications (OSDI 2010), as TiDB has them.
//
// A transaction reads a snapshot as of a timestamp that an oracle gave it. To commit, it places a lock with the new value at
// each key that it writes, unless another has written the key since; then it takes a second timestamp, and turns the lock at one of the
// keys, the primary, into a version with it. That is the commit. The other locks, the secondaries, follow later, and each leads to
// the primary: who meets a lock that stays asks there whether the transaction has committed, and cleans up after it.
//
// It promises strong snapshot isolation: each transaction sees all that had committed before it began, since timestamps are taken
// in real time (Daudjee and Salem, VLDB 2006, call it strong SI). Write skew is possible.
//
// Each shard, and the oracle, is a replicated log of its own with all nodes: see package quorumlog. The oracle gives timestamps out of a
// window whose end is in the log before the first of it is used, so that the next leader begins after it.
//
// Mistakes are options, off by default; see [Bug].
package percolator

import (
	"context"
	"hash/crc32"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/front"
	"github.com/capsize-go/capsize/systems/txn/internal/quorumlog"
)

// A Store is such a database. The zero Store keeps strong snapshot isolation.
type Store struct {
	Bugs   Bug // mistakes to make; none by default
	Shards int // how many; default 2

	// AsyncCommit has a transaction committed as soon as all its locks are placed, at a timestamp that the shards compute: after all that
	// was read of the keys. TiDB 5.0 has it; see https://docs.pingcap.com/tidb/stable/system-variables#tidb_enable_async_commit-new-in-v50.
	AsyncCommit bool
}

// EventDriven says that the database uses the message seam alone.
func (Store) EventDriven() {}

// ElectionTimeout is the longest that a node waits before it stands for election.
func (Store) ElectionTimeout() time.Duration { return quorumlog.ElectionTimeout }

const (
	// resend is how many ticks a node waits before it repeats a request to a shard.
	resend = 2

	// patience is how many ticks a node tries to carry out a transaction.
	patience = 40

	// lifetime is how long a lock is left alone: after it, its transaction is taken for dead, and rolled back at its primary.
	lifetime = time.Second

	// old is the age at which bugs take a lock for one that a crash has left.
	old = 100 * time.Millisecond

	// pause is how long a transaction waits at a lock of one that is alive.
	pause = 20 * time.Millisecond

	// window is how many timestamps the oracle saves at once.
	window = 500
)

// A Client is a session with one node of a [Store]. It does one thing at a time.
type Client = front.Client

// Open opens a session with the node that the host is bound to, for transactions of reads, writes of registers and appends to lists.
// It sends nothing yet.
func (Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return front.New(h, model.TxnRead, model.TxnWrite, model.TxnAppend), nil
}

// shardOf returns the number of the log that a key belongs to; the oracle is number 0.
func (s Store) shardOf(key string) int {
	return 1 + int(crc32.ChecksumIEEE([]byte(key))%uint32(s.shards()))
}

func (s Store) shards() int {
	if s.Shards > 0 {
		return s.Shards
	}
	return 2
}

// async reports whether transactions commit without a second timestamp.
func (s Store) async() bool { return s.AsyncCommit || s.Bugs&AsyncBelowReads != 0 }

func (s Store) bug(b Bug) bool { return s.Bugs&b != 0 }
