// Package raftkv is a replicated key-value store that favours consistency: every
// operation is linearizable, and a node that reaches no majority answers none.
//
// It is built on the raft of etcd, go.etcd.io/raft/v3, by its RawNode: the
// protocol is the library's, and storage, network and time are ours. Each node
// keeps its own log and snapshots on the host's disk, deduplicates retries by
// sessions, and serves reads by ReadIndex (Ongaro 2014, §6.4), or in cheaper ways that
// promise less: see [Reads].
//
// Mistakes that people made in such stores are options, off by default; see [Bug].
package raftkv

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/session"
)

// A Store is a raft group that holds integers by key. The zero Store is correct.
type Store struct {
	Reads         Reads // how clients read that do not say
	Bugs          Bug   // mistakes to make; none by default
	SnapshotEvery int   // how many entries a node applies before it takes a snapshot; default 400
}

// A Reads says how a read is answered. What a store promises is decided by each operation, and not
// by the product that it comes from.
type Reads uint8

const (
	// ByIndex has the leader ask a majority whether it leads still: linearizable.
	ByIndex Reads = iota

	// ByLease has the leader answer at once if it has committed something in its term, since a
	// leader that hears from no majority for an election timeout steps down. It is what etcd's
	// library calls ReadOnlyLeaseBased; another node may be elected before that time is over.
	ByLease

	// AtLeader has a node answer that believes to lead.
	AtLeader

	// Anywhere has each node answer from its own state.
	Anywhere
)

var readsNames = [...]string{"index", "lease", "leader", "any"}

// String returns the policy's name.
func (r Reads) String() string { return readsNames[r] }

// EventDriven says that the store lives on the message seam alone.
func (Store) EventDriven() {}

// Reconfigurable says that the store changes its members while it works.
func (Store) Reconfigurable() {}

// Timing of the protocol. A follower that hears nothing stands for election
// after one to two times electionTicks.
const (
	tick          = 50 * time.Millisecond
	heartbeatTick = 4
	readTicks     = 2 // until a read index is asked for again
	electionTicks = 10

	// ElectionTimeout is the longest that a follower waits before it stands for
	// election. A nemesis that wants to see one has to stay for longer.
	ElectionTimeout = 2 * electionTicks * tick
)

// ElectionTimeout returns [ElectionTimeout].
func (Store) ElectionTimeout() time.Duration { return ElectionTimeout }

// A request is what a client asks of a node. A retry bears the same session and
// number, by which the store knows that it is one.
type request struct {
	op         op
	reads      Reads
	session    uint64
	number     uint64
	attempt    uint64 // counts what the session has sent: a copy by the network bears the same
	key        string
	old, value int
	stamp      int64 // the leader's clock, when it proposed the request
}

type op uint8

const (
	opGet op = 1 + iota
	opPut
	opCAS
	opMembers // with bugs only: the value has a bit for each node that is a member
)

// A response answers a request.
type response struct {
	status   status
	value    int   // what a get read, and what a cas found
	modified int64 // of what a get read
}

// fate returns what the answer says of the operation.
func (r response) fate() session.Fate {
	switch r.status {
	case done:
		return session.Done
	case noLeader:
		return session.NotDone
	}
	return session.Indeterminate
}

// An inquiry asks a node for the digest of its state.
type inquiry struct{}

// Digest returns a digest of what a node has applied itself.
func (Store) Digest(ctx context.Context, h *cluster.Host, node string) (string, error) {
	return cluster.Ask[string](ctx, h, node, inquiry{})
}

type status uint8

const (
	done     status = iota
	noLeader        // it was not carried out, and will not be
	lost            // indeterminate: the node that took it leads no more
)

// ErrNoLeader is the error of an operation that certainly was not carried out:
// the node knew no leader.
var ErrNoLeader error = noLeaderError{}

type noLeaderError struct{}

func (noLeaderError) Error() string      { return "no leader" }
func (noLeaderError) DidNotHappen() bool { return true }

// A Client is a session with one node of a [Store]. It does one thing at a time.
type Client struct {
	s        *session.Session
	reads    Reads
	modified int64 // of what was read last
}

// Open opens a session with the node that the host is bound to. It sends
// nothing yet.
func (s Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return &Client{s: session.New(h, ErrNoLeader), reads: s.Reads}, nil
}

// Get returns the value of a key, 0 if it has none.
func (c *Client) Get(ctx context.Context, key string) (int, error) {
	return c.GetBy(ctx, c.reads, key)
}

// GetBy is Get by a policy of its own.
func (c *Client) GetBy(ctx context.Context, by Reads, key string) (int, error) {
	return c.do(ctx, request{op: opGet, reads: by, key: key})
}

// Modified returns when the value was set that Get returned last, by the clock of
// the node that led then. It may be wrong if that clock was, but it is never
// earlier than that of an older value. It is the zero time for a key that was never set.
func (c *Client) Modified() time.Time {
	if c.modified == 0 {
		return time.Time{}
	}
	return time.Unix(0, c.modified)
}

// Put sets the value of a key.
func (c *Client) Put(ctx context.Context, key string, value int) error {
	_, err := c.do(ctx, request{op: opPut, key: key, value: value})
	return err
}

// CAS sets the value of a key to value if it is old, and returns the value that
// it found: it has set it if that is old.
func (c *Client) CAS(ctx context.Context, key string, old, value int) (int, error) {
	return c.do(ctx, request{op: opCAS, key: key, old: old, value: value})
}

// Close ends the session.
func (c *Client) Close() error { return nil }

// do retries until there is an answer or ctx is done. If no attempt can have had an
// effect the error is [ErrNoLeader]; otherwise the operation is indeterminate.
func (c *Client) do(ctx context.Context, req request) (int, error) {
	r, err := session.Do(ctx, c.s, func(number, attempt uint64) *request {
		again := req
		again.session, again.number, again.attempt = c.s.ID, number, attempt
		return &again
	}, response.fate)
	if err == nil && req.op == opGet {
		c.modified = r.modified
	}
	return r.value, err
}
