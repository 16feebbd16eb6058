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

// errNotLeader is answered before anything was done.
var errNotLeader = errors.New("not done: this node knows no leader")

// A Service is what net/rpc calls on a node.
type Service struct{ n *node }

// A Pair is a key with its value.
type Pair struct {
	Key   string
	Value int
}

// A Question is a key, and whether it was passed on by another node already.
type Question struct {
	Key    string
	Passed bool
}

// A Request is a write, and whether it was passed on by another node already.
type Request struct {
	Pair   Pair
	Passed bool
}

// Get reads a key, on the leader unless the store does without.
func (s *Service) Get(q Question, value *int) error {
	n := s.n
	if n.store.Reads != FromAny && n.raft.State() != raft.Leader {
		return n.pass(q.Passed, "Store.Get", Question{q.Key, true}, value)
	}
	if n.store.Reads == Verified {
		if err := n.mayRead(); err != nil {
			return err
		}
	}
	*value = n.state.get(q.Key)
	return nil
}

// mayRead returns once the node's state holds all that was acknowledged before, or
// an error.
func (n *node) mayRead() error {
	ready, term := <-n.ready, n.raft.CurrentTerm()
	n.ready <- ready
	if ready != term {
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
	if n.store.Calm {
		return n.h.Sleep(time.Microsecond) // what was committed at this instant is applied by then
	}
	return nil
}

// Put writes a key, on the leader.
func (s *Service) Put(r Request, none *struct{}) error {
	n := s.n
	if n.raft.State() != raft.Leader {
		return n.pass(r.Passed, "Store.Put", Request{r.Pair, true}, none)
	}
	err := n.raft.Apply(encode(r.Pair), patience).Error()
	if errors.Is(err, raft.ErrNotLeader) || errors.Is(err, raft.ErrEnqueueTimeout) {
		return fmt.Errorf("%w: %w", errNotLeader, err)
	}
	return err
}

// pass asks the leader, unless another node has passed the call on to this one.
func (n *node) pass(passed bool, method string, in, out any) error {
	_, id := n.raft.LeaderWithID()
	if passed || id == "" || string(id) == n.h.Name() {
		return errNotLeader
	}
	ctx, cancel := n.h.WithTimeout(n.ctx, 2*patience)
	defer cancel()
	return call(ctx, n.h, string(id), method, in, out)
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

// A Client talks to one node.
type Client struct{ h *cluster.Host }

// Open returns a client of the node that the host is bound to. It connects for
// each call.
func (Store) Open(_ context.Context, h *cluster.Host) (Client, error) { return Client{h}, nil }

// Get reads a key; one that was never written is 0.
func (c Client) Get(ctx context.Context, key string) (int, error) {
	value := new(int) // of its own: after a timeout net/rpc may still write to it
	if err := call(ctx, c.h, c.h.Node(), "Store.Get", Question{Key: key}, value); err != nil {
		return 0, err
	}
	return *value, nil
}

// Put writes a key. Of all errors only one says that nothing was written.
func (c Client) Put(ctx context.Context, key string, value int) error {
	err := call(ctx, c.h, c.h.Node(), "Store.Put", Request{Pair: Pair{key, value}}, new(struct{}))
	if err != nil && strings.HasPrefix(err.Error(), errNotLeader.Error()) {
		return fmt.Errorf("%w: %w", workloads.ErrFail, err)
	}
	return err
}

// Close has nothing to close.
func (Client) Close() error { return nil }
