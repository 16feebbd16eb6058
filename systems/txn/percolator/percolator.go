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
// Each shard, and the oracle, is a replicated log of its own with all nodes: see package replog. The oracle gives timestamps out of a
// window whose end is in the log before the first of it is used, so that the next leader begins after it.
//
// Mistakes are options, off by default; see [Bug].
package percolator

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/replog"
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
func (Store) ElectionTimeout() time.Duration { return replog.ElectionTimeout }

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

// errLost is for a transaction that may have committed.
var errLost = errors.New("the node does not know whether the transaction committed")

// A request asks a node to carry out a transaction. The network may duplicate it and deliver the copy much later: the node
// recognizes it by its number, and, if it has restarted meanwhile, by the life that it was sent to.
type request struct {
	life            uint64 // of the node
	session, number uint64
	ops             []model.TxnOp
}

// A response answers a request.
type response struct {
	status status
	ops    []model.TxnOp
	life   uint64 // of the node
}

type status uint8

const (
	done    status = iota
	aborted        // nothing of it happened, or will
	lost           // it may have committed
	other          // it was meant for another life of the node
)

// A Client is a session with one node of a [Store]. It does one thing at a time.
type Client struct {
	h               *cluster.Host
	session, number uint64
	life            uint64 // of the node, as it said last
}

// Open opens a session with the node that the host is bound to. It sends nothing yet.
func (Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return &Client{h: h, session: h.Rand().Uint64()}, nil
}

// Txn carries out a transaction of reads, writes of registers and appends to lists. It is not tried again. The error is
// [model.ErrAborted] if nothing of it happened; after any other it may have committed.
func (c *Client) Txn(ctx context.Context, ops []model.TxnOp) ([]model.TxnOp, error) {
	for _, o := range ops {
		if o.F != model.TxnRead && o.F != model.TxnWrite && o.F != model.TxnAppend {
			return nil, fmt.Errorf("percolator has no operation %q: %w", o.F, model.ErrAborted)
		}
	}
	for {
		c.number++
		r, err := cluster.Ask[response](ctx, c.h, c.h.Node(), &request{c.life, c.session, c.number, ops})
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", c.h.Node(), err)
		case r.status == other:
			c.life = r.life
		case r.status == aborted:
			return nil, model.ErrAborted
		case r.status == lost:
			return nil, fmt.Errorf("%s: %w", c.h.Node(), errLost)
		default:
			return r.ops, nil
		}
	}
}

// Close ends the session.
func (c *Client) Close() error { return nil }

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
