// Package registerkv is a replicated key-value store that is linearizable without consensus: each
// key is a register of Attiya, Bar-Noy and Dolev, Sharing Memory Robustly in
// Message-Passing Systems (JACM 1995), in the form for several writers of Lynch and
// Shvartsman, Robust emulation of shared memory (FTCS 1997). It has no leader and no elections: what
// reaches a majority is answered.
//
// A write asks a majority for the newest tag of the key, and gives its value a newer
// one; a read asks a majority for the newest value, and writes it back to a majority before it
// returns it. That last step is what quorums of Dynamo's kind leave out: R + W > N
// has every read see every write that is complete, but a write that is under way may be seen by one read
// and not by the next. Registers can't compare and swap: that needs consensus (Herlihy 1991).
//
// A replica must find after a crash what it had synced, or see from its journal that the disk lost some of it: then it answers no one until it has
// recovered from the others. A disk whose fsyncs lie leaves a journal that is whole and too short, and one such replica that crashes may lose
// an acknowledged write.
//
// With other quorums the same store is one that reads one replica and writes all, or a single
// node that all others ask: see [Store]. Mistakes are options, off by default; see [Bug].
package registerkv

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Store holds integers by key. The zero Store is correct: all nodes are replicas, and
// reads and writes need a majority of them.
type Store struct {
	Bugs     Bug // mistakes to make; none by default
	Replicas int // how many of the nodes hold the data, the first ones; default all
	Reads    int // how many of them answer a read; default a majority
	Writes   int // how many of them have what was written; default a majority
}

// EventDriven says that the store uses the message seam alone.
func (Store) EventDriven() {}

// ElectionTimeout is how long nodes may take to notice a change. There are no elections;
// it is the pace for faults and for how soon all must work again.
func (Store) ElectionTimeout() time.Duration { return 2 * patience }

const (
	// resend is how long a node waits before it repeats a request to replicas that have not answered.
	resend = 50 * time.Millisecond

	// patience is how long a node tries to reach enough replicas.
	patience = 400 * time.Millisecond

	// attempt is how long a client waits for the answer to a read before it retries.
	attempt = patience + 100*time.Millisecond
)

// ErrNoQuorum is what an operation ends with that certainly was not carried out: too few
// replicas could be reached before anything was written.
var ErrNoQuorum error = noQuorumError{}

type noQuorumError struct{}

func (noQuorumError) Error() string      { return "too few replicas answer" }
func (noQuorumError) DidNotHappen() bool { return true }

var errLost = errors.New("too few replicas are known to have the value")

// A request is one of a client to a node. The network may duplicate it and deliver the
// copy much later. The node recognizes the copy by its number, and, if it has restarted
// meanwhile, by the life that it was sent to: the copy must not be carried out after the
// client was answered that the request was not.
type request struct {
	life   uint64 // of the node
	ticket ticket
	key    string
	write  bool
	value  int
}

// A ticket identifies a request: no two clients have the same session.
type ticket struct{ session, number uint64 }

// A response answers a request.
type response struct {
	status status
	value  int
	life   uint64 // of the node
}

type status uint8

const (
	done    status = iota
	nothing        // it was not carried out, and will not be
	lost           // it may have been
	other          // it was meant for another life of the node
)

// A Client is a session with one node of a [Store]. It does one thing at a time.
type Client struct {
	h      *cluster.Host
	ticket ticket
	life   uint64 // of the node, as it said last
}

// Open opens a session with the node that the host is bound to. It sends nothing yet.
func (Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return &Client{h: h, ticket: ticket{session: h.Rand().Uint64()}}, nil
}

// Get returns the value of a key, 0 if it has none.
func (c *Client) Get(ctx context.Context, key string) (int, error) {
	for {
		r, err := c.try(ctx, request{key: key})
		switch {
		case err == nil && r.status == done:
			return r.value, nil
		case err == nil, ctx.Err() != nil, errors.Is(err, cluster.ErrCrashed):
			return 0, ErrNoQuorum // a read has no effect
		}
	}
}

// Put sets the value of a key. It is not tried again: a register that is written twice
// may forget what was written in between.
func (c *Client) Put(ctx context.Context, key string, value int) error {
	r, err := c.ask(ctx, request{key: key, write: true, value: value})
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", c.h.Node(), err)
	case r.status == nothing:
		return ErrNoQuorum
	case r.status == lost:
		return fmt.Errorf("%s: %w", c.h.Node(), errLost)
	}
	return nil
}

// Close ends the session.
func (c *Client) Close() error { return nil }

func (c *Client) try(ctx context.Context, req request) (response, error) {
	ctx, cancel := c.h.WithTimeout(ctx, attempt)
	defer cancel()
	return c.ask(ctx, req)
}

// ask asks once; twice if the node has booted since it was asked last.
func (c *Client) ask(ctx context.Context, req request) (response, error) {
	for {
		c.ticket.number++
		req.ticket, req.life = c.ticket, c.life
		r, err := cluster.Ask[response](ctx, c.h, c.h.Node(), &req)
		if err != nil {
			return response{}, err
		}
		if r.status != other {
			return r, nil
		}
		c.life = r.life
	}
}
