// Package quorumkv is a replicated key-value store that favours availability: any node takes
// reads and writes for any key, and a write that cannot reach its replicas goes to nodes
// that stand in for them.
//
// It is built as Dynamo is (DeCandia et al., SOSP 2007): a ring places each key on N nodes; a
// read waits for R answers and a write for W acknowledgements; nodes that are
// believed dead are stood in for, and get what they missed by hinted handoff; reads repair
// what they find stale; and replicas compare Merkle trees for what is missed by all of
// that. Of writes that did not see each other it keeps all, as siblings, unless
// [Store.Conflict] says otherwise.
//
// What it promises depends on the options:
//
//   - The zero [Store] loses no acknowledged write unless one that had seen it replaced
//     or deleted it, whatever the clocks say; what was replaced does not come back; and
//     replicas converge. It is not linearizable.
//   - R+W > N does not make it so, nor does Strict: a write that is under way may be seen
//     by one read and not by the next, and one that failed stays where it arrived.
//   - HLC and LWW lose one of two writes that did not see each other, though both were
//     acknowledged. They lose none to one that had been acknowledged before it was asked
//     for: HLC if it is Strict with R+W > N, whatever the clocks say; LWW while all clocks agree.
//   - HLC with Strict, WriteBack and R+W > N is linearizable: it is the register of
//     Attiya, Bar-Noy and Dolev.
//
// All of that holds while disks keep what they synced. What a disk has damaged is left out: the first
// promise stands as long as it is there on one of the W nodes that had it.
//
// Mistakes that people made in such stores are options, off by default; see [Bug].
package quorumkv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/dots"
)

// A Store is a cluster of replicas that hold integers by key. The zero Store is Dynamo as
// its paper has it, with N, R, W of 3, 2, 2, and is correct. Its nodes find out by
// themselves who is dead, by pings that go unanswered; [Gossiped] asks memberlist.
type Store struct {
	N, R, W  int      // replicas of a key, answers to a read, acknowledgements of a write; default 3, 2, 2
	Points   int      // of each node on the ring; default 8
	Conflict Conflict // how concurrent writes are resolved; default Vectors

	Strict        bool // only a key's own N replicas count: no node stands in for them
	WriteBack     bool // a read is answered once W replicas hold what it returns
	NoReadRepair  bool // a read leaves stale replicas as they are
	NoAntiEntropy bool // replicas do not compare what they hold

	Bugs     Bug // mistakes to make; none by default
	LogLimit int // bytes that a log may grow by before it is written anew; default 16 KiB
}

// EventDriven says that the store uses the message seam alone.
func (Store) EventDriven() {}

// ElectionTimeout is about how long it takes until the nodes work around one that is gone,
// and a quarter of what replicas need to converge. There are no elections.
const ElectionTimeout = time.Second

// ElectionTimeout returns [ElectionTimeout].
func (Store) ElectionTimeout() time.Duration { return ElectionTimeout }

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	n, err := boot(h, s)
	if err != nil {
		return fmt.Errorf("boot quorumkv: %w", err)
	}
	n.start(&pings{n: n})
	<-ctx.Done()
	return nil
}

// complete fills in what is zero, and refuses quorums that can't be.
func (s Store) complete(nodes int) (Store, error) {
	s.N = cmp.Or(s.N, min(3, nodes))
	s.R, s.W = cmp.Or(s.R, min(2, s.N)), cmp.Or(s.W, min(2, s.N))
	s.Points, s.LogLimit = cmp.Or(s.Points, 8), cmp.Or(s.LogLimit, 16<<10)
	if s.N < 1 || s.N > nodes || s.R < 1 || s.R > s.N || s.W < 1 || s.W > s.N {
		return s, fmt.Errorf("%d replicas on %d nodes, with quorums of %d and %d", s.N, nodes, s.R, s.W)
	}
	return s, nil
}

// Seen is what a read has seen of a key: a write that bears it replaces that, and nothing
// else. It is what Dynamo calls a context. The zero value has seen nothing.
type Seen struct {
	dots dots.Set
	at   stamp
}

// A request is what a client asks of a node. The network may double it, and deliver the copy
// much later. The node knows it by its number; one that has booted in the meantime, by
// the life that it was meant for.
type request struct {
	op      op
	life    uint64 // of the node
	session uint64
	number  uint64 // counts what the session has sent
	key     string
	value   int
	seen    Seen // of a put
}

type op uint8

const (
	opGet op = 1 + iota
	opPut    // with what the client has seen
	opSet    // with what the coordinator finds
)

// A response answers a request.
type response struct {
	status status
	values []int
	seen   Seen
	life   uint64 // of the node
}

type status uint8

const (
	done      status = iota
	noQuorum         // nothing was written, and nothing will be
	uncertain        // it may have been
	other            // it was meant for another life of the node
)

// ErrNoQuorum is what an operation ends with that certainly had no effect: too few replicas
// were alive, in the eyes of the node that was asked, to begin with it.
var ErrNoQuorum error = noQuorumError{}

type noQuorumError struct{}

func (noQuorumError) Error() string      { return "no quorum" }
func (noQuorumError) DidNotHappen() bool { return true }

// ErrUncertain is wrapped by the error of a write that fewer than W replicas acknowledged in
// time: it is there or not, and may appear later.
var ErrUncertain = errors.New("too few acknowledgements")

const (
	attempt = 500 * time.Millisecond // how long a client waits for a read before it asks again
	pause   = 50 * time.Millisecond  // and how long after a node said that it sees no quorum
)

// A Client is a session with one node of a [Store], which coordinates all that it asks. It
// does one thing at a time.
type Client struct {
	h       *cluster.Host
	life    uint64 // of the node, as it said last
	session uint64
	number  uint64
}

// Open opens a session with the node that the host is bound to. It sends nothing yet.
func (Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return &Client{h: h, session: h.Rand().Uint64()}, nil
}

// Get returns the value of a key, 0 if it has none. Of siblings it takes the largest, and
// writes that back in the place of all, as a client of Dynamo does that knows how to reconcile them.
func (c *Client) Get(ctx context.Context, key string) (int, error) {
	values, seen, err := c.Siblings(ctx, key)
	if err != nil || len(values) == 0 {
		return 0, err
	}
	value := values[len(values)-1]
	if len(values) > 1 {
		// If that fails the siblings stay, for the next read.
		_, _ = c.ask(ctx, request{op: opPut, key: key, value: value, seen: seen})
	}
	return value, nil
}

// Siblings returns all values of a key that were not replaced, sorted, and what a write needs
// that replaces them. There is at most one unless writes were concurrent.
func (c *Client) Siblings(ctx context.Context, key string) ([]int, Seen, error) {
	r, err := c.do(ctx, request{op: opGet, key: key})
	return r.values, r.seen, err
}

// Put sets the value of a key; 0 deletes it. With [LWW] that is one round; otherwise the node
// first reads, and the write replaces what that finds.
func (c *Client) Put(ctx context.Context, key string, value int) error {
	_, err := c.do(ctx, request{op: opSet, key: key, value: value})
	return err
}

// PutWith sets the value of a key in the place of what a read has seen. Others stay
// beside it.
func (c *Client) PutWith(ctx context.Context, key string, value int, seen Seen) error {
	_, err := c.do(ctx, request{op: opPut, key: key, value: value, seen: seen})
	return err
}

// DeleteWith deletes what a read has seen of a key, and nothing else.
func (c *Client) DeleteWith(ctx context.Context, key string, seen Seen) error {
	return c.PutWith(ctx, key, tombstone, seen)
}

// Close ends the session.
func (c *Client) Close() error { return nil }

// do retries until there is an answer or ctx is done. It never repeats a write that may have
// had an effect: it would be another write.
func (c *Client) do(ctx context.Context, req request) (response, error) {
	for {
		r, err := c.ask(ctx, req)
		switch {
		case err == nil && r.status == done:
			return r, nil
		case err == nil && r.status == uncertain:
			return r, fmt.Errorf("%s: put %s: %w", c.h.Node(), req.key, ErrUncertain)
		case err != nil && req.op != opGet:
			return r, err
		case err == nil && r.status == other && ctx.Err() == nil:
			continue
		case err == nil && ctx.Err() == nil:
			err = c.h.Sleep(pause)
		}
		if ctx.Err() != nil || errors.Is(err, cluster.ErrCrashed) {
			return r, ErrNoQuorum
		}
	}
}

// ask sends a request once, to the life of the node that the client knows. Only reads have a timeout.
func (c *Client) ask(ctx context.Context, req request) (response, error) {
	if req.op == opGet {
		var cancel func()
		ctx, cancel = c.h.WithTimeout(ctx, attempt)
		defer cancel()
	}
	c.number++
	req.life, req.session, req.number = c.life, c.session, c.number
	r, err := cluster.Ask[response](ctx, c.h, c.h.Node(), &req)
	if err != nil {
		return response{}, err
	}
	if r.status == other {
		c.life = r.life
	}
	return r, nil
}
