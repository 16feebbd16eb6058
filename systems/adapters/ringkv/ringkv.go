package ringkv

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/rpc"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/adapters/gossip"
	"github.com/capsize-go/capsize/workloads"
)

const (
	port     = ":7000"
	patience = 500 * time.Millisecond // for another node
)

// errNotDone is answered when nothing was done, and nothing will be.
var errNotDone = errors.New("not done")

// A Store is the store. The zero Store is linearizable. Its nodes must not crash: they have the data in memory.
type Store struct{ Bugs Bug }

// Run runs one node until its host crashes.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	n := &node{bugs: s.Bugs, ctx: ctx, h: h, data: map[string]int{}, kept: map[string]int{}}
	if err := n.create(); err != nil {
		return err
	}
	defer n.list.Load().Shutdown() //nolint:errcheck // the host is down
	peers, err := gossip.Seeds(h)
	if err != nil {
		return err
	}
	go n.keepJoined(peers)
	l, err := h.Listen("tcp", port)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	server := rpc.NewServer()
	if err := server.RegisterName("Store", &Service{n}); err != nil {
		return fmt.Errorf("register the service: %w", err)
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err // the listener was closed: the host has crashed
		}
		go server.ServeConn(conn)
	}
}

// A node has the keys that it owns.
type node struct {
	bugs       Bug
	ctx        context.Context // ends when the host crashes
	h          *cluster.Host
	list       atomic.Pointer[memberlist.Memberlist]
	broadcasts *memberlist.TransmitLimitedQueue

	mu   sync.Mutex
	data map[string]int
	kept map[string]int // of other owners
}

// A Request is a call, and whether it was passed on by another node already.
type Request struct {
	Key    string
	Value  int
	Passed bool
}

// A Service is what net/rpc calls on a node.
type Service struct{ n *node }

// Get reads a key.
func (s *Service) Get(r Request, value *int) error {
	n := s.n
	if n.bugs&GossipInvalidation != 0 {
		n.mu.Lock()
		v, ok := n.kept[r.Key]
		n.mu.Unlock()
		if ok {
			*value = v
			return nil
		}
	}
	if mine, err := n.pass("Store.Get", r, value); !mine {
		if err == nil && n.bugs&GossipInvalidation != 0 {
			n.keep(r.Key, *value)
		}
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	*value = n.data[r.Key]
	return nil
}

// Put writes a key.
func (s *Service) Put(r Request, none *int) error {
	n := s.n
	n.forget(r.Key)
	if mine, err := n.pass("Store.Put", r, none); !mine {
		return err
	}
	n.mu.Lock()
	n.data[r.Key] = r.Value
	n.mu.Unlock()
	if n.bugs&GossipInvalidation != 0 {
		n.broadcasts.QueueBroadcast(written(r.Key))
	}
	return nil
}

// pass passes a request on to the owner of its key. It reports whether that is this node.
func (n *node) pass(method string, r Request, out *int) (mine bool, err error) {
	alive := n.alive()
	ring := n.h.Nodes()
	if n.bugs&RingOfMembers != 0 {
		ring = alive
	}
	to := owner(ring, r.Key)
	switch {
	case to == n.h.Name():
		return true, nil
	case r.Passed:
		return false, fmt.Errorf("%w: %s has the key, not %s", errNotDone, to, n.h.Name())
	case !slices.Contains(alive, to):
		return false, fmt.Errorf("%w: %s is down", errNotDone, to)
	}
	r.Passed = true
	ctx, cancel := n.h.WithTimeout(n.ctx, patience)
	defer cancel()
	return false, call(ctx, n.h, to, method, r, out)
}

// owner returns the node with the highest hash of its name and the key.
func owner(nodes []string, key string) (best string) {
	var top uint64
	for _, name := range nodes {
		sum := fnv.New64a()
		_, _ = sum.Write([]byte(key + "/" + name))
		if h := sum.Sum64() * 0x9E3779B97F4A7C15; h > top || h == top && name > best {
			best, top = name, h
		}
	}
	return best
}

func (n *node) keep(key string, value int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.kept[key] = value
}

func (n *node) forget(key string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.kept, key)
}

// call asks a node, by a connection of its own.
func call(ctx context.Context, h *cluster.Host, node, method string, in, out any) error {
	conn, err := h.DialContext(ctx, "tcp", node+port)
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

// Get reads a key; one that was never written is 0.
func (c Client) Get(ctx context.Context, key string) (int, error) {
	return c.ask(ctx, "Store.Get", Request{Key: key})
}

// Put writes a key.
func (c Client) Put(ctx context.Context, key string, value int) error {
	_, err := c.ask(ctx, "Store.Put", Request{Key: key, Value: value})
	return err
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
