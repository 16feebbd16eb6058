package hraft

import (
	"context"
	"errors"
	"fmt"
	"net/rpc"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/workloads"
)

// patience is how long a node waits for raft, and for the leader.
const patience = 500 * time.Millisecond

// errNotDone is answered when nothing was done, and nothing will be.
var errNotDone = errors.New("not done")

// A Service is what net/rpc calls on a node.
type Service struct{ n *node }

// A Request is a call, and whether it was passed on by another node already.
type Request struct {
	Key        string
	Old, Value int
	Swap       bool
	Passed     bool
}

// Get reads a key, on the leader.
func (s *Service) Get(r Request, value *int) error {
	n := s.n
	if n.bugs&LocalReads == 0 {
		if n.raft.State() != raft.Leader {
			return n.pass("Store.Get", r, value)
		}
		if err := n.mayRead(); err != nil {
			return err
		}
	}
	*value = n.state.get(r.Key)
	return nil
}

// mayRead returns once the node's state holds all that was acknowledged before, or an error.
func (n *node) mayRead() error {
	if n.bugs&TrustState != 0 {
		return nil
	}
	ready, term := <-n.ready, n.raft.CurrentTerm()
	n.ready <- ready
	if ready != term && n.bugs&NoBarrier == 0 {
		if err := n.raft.Barrier(patience).Error(); err != nil {
			return fmt.Errorf("barrier: %w", err)
		}
		<-n.ready
		n.ready <- term
	}
	if err := n.raft.VerifyLeader().Error(); err != nil {
		return fmt.Errorf("verify leader: %w", err)
	}
	if n.raft.CurrentTerm() != term {
		return raft.ErrLeadershipLost
	}
	return nil
}

// Put writes a key, or swaps its value, on the leader. It answers the value that was found.
func (s *Service) Put(r Request, found *int) error {
	n := s.n
	if n.raft.State() != raft.Leader {
		return n.pass("Store.Put", r, found)
	}
	c := change{Key: r.Key, Value: r.Value, Swap: r.Swap, Old: r.Old, Sent: n.h.Clock().Now()}
	done := n.raft.Apply(c.encode(), patience)
	if n.bugs&AckEarly != 0 && !r.Swap {
		return nil
	}
	err := done.Error()
	switch {
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrEnqueueTimeout), n.bugs&LostIsFailed != 0 && errors.Is(err, raft.ErrLeadershipLost):
		return fmt.Errorf("%w: %w", errNotDone, err)
	case err != nil:
		return err
	case n.bugs&IgnoreResponse != 0:
		*found = r.Old
	default:
		*found = done.Response().(int)
	}
	return nil
}

// pass asks the leader, unless another node has passed the call on to this one.
func (n *node) pass(method string, r Request, out any) error {
	_, id := n.raft.LeaderWithID()
	if r.Passed || id == "" || string(id) == n.h.Name() {
		return fmt.Errorf("%w: this node knows no leader", errNotDone)
	}
	r.Passed = true
	ctx, cancel := n.h.WithTimeout(n.ctx, 2*patience)
	defer cancel()
	return call(ctx, n.h, string(id), method, r, out)
}

// call asks a node, by a connection of its own.
func call(ctx context.Context, h *cluster.Host, node, method string, in, out any) error {
	conn, err := h.DialContext(ctx, "tcp", node+clientPort)
	if err != nil {
		return fmt.Errorf("dial %s: %w", node, err)
	}
	c := rpc.NewClient(conn)
	defer c.Close()
	done := c.Go(method, in, out, make(chan *rpc.Call, 1))
	select {
	case <-done.Done:
		return done.Error
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A Client talks to one node, by a connection for each call.
type Client struct{ h *cluster.Host }

// Open returns a client of the node that the host is bound to.
func (Store) Open(_ context.Context, h *cluster.Host) (Client, error) { return Client{h}, nil }

// Get reads a key; one that is not there is 0.
func (c Client) Get(ctx context.Context, key string) (int, error) {
	return c.ask(ctx, "Store.Get", Request{Key: key})
}

// Put writes a key; a value of 0 deletes it.
func (c Client) Put(ctx context.Context, key string, value int) error {
	_, err := c.ask(ctx, "Store.Put", Request{Key: key, Value: value})
	return err
}

// CAS writes a key if its value is old, and returns the value that it found.
func (c Client) CAS(ctx context.Context, key string, old, value int) (int, error) {
	return c.ask(ctx, "Store.Put", Request{Key: key, Old: old, Value: value, Swap: true})
}

// ask calls the node. Of all errors only one says that nothing was done.
func (c Client) ask(ctx context.Context, method string, r Request) (int, error) {
	value := new(int) // of its own: after a timeout net/rpc may still write to it
	err := call(ctx, c.h, c.h.Node(), method, r, value)
	if err != nil && strings.HasPrefix(err.Error(), errNotDone.Error()) {
		return 0, fmt.Errorf("%w: %w", workloads.ErrFail, err)
	}
	if err != nil {
		return 0, err
	}
	return *value, nil
}

// Close has nothing to close.
func (Client) Close() error { return nil }
