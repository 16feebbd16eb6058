// Package quickstart is a key-value store that is always available and sometimes
// wrong, and the short test that finds it out.
//
// The store is ordinary Go: net/rpc over a listener and connections, a mutex and a
// map. What it takes to run it under Capsize is that listener and connections come
// from the [cluster.Host] instead of from package net. See [Store].
package quickstart

import (
	"context"
	"net/rpc"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Store keeps a copy of every key on each node, in memory. A write is
// acknowledged once the node that was asked has it; the other nodes get their
// copies later, if they can be reached. So a client that asks another node may
// read what was replaced long ago.
type Store struct {
	FromLeader bool // n1 answers everything, which is right and less available
}

// A Pair is a key with its value.
type Pair struct {
	Key   string
	Value int
}

// node is one node of a store. Its exported methods are those that net/rpc calls.
type node struct {
	store Store
	ctx   context.Context // ends when the host crashes
	h     *cluster.Host

	mu   sync.Mutex
	data map[string]int
}

// Run runs one node. It ends when the host crashes, and so does all it started.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	l, err := h.Listen("tcp", ":7000")
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	server := rpc.NewServer()
	if err := server.RegisterName("Store", &node{store: s, ctx: ctx, h: h, data: map[string]int{}}); err != nil {
		return err
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err // the listener was closed: the host has crashed
		}
		go server.ServeConn(conn)
	}
}

// Get answers a client that reads a key.
func (n *node) Get(key string, value *int) error {
	if n.follows() {
		return n.call("n1", "Store.Get", key, value)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	*value = n.data[key]
	return nil
}

// Put answers a client that writes a key.
func (n *node) Put(p Pair, none *struct{}) error {
	if n.follows() {
		return n.call("n1", "Store.Put", p, none)
	}
	for _, peer := range n.h.Nodes() {
		if peer != n.h.Name() && !n.store.FromLeader {
			go func() { _ = n.call(peer, "Store.Copy", p, new(struct{})) }() // here is the bug: the write does not wait for it
		}
	}
	return n.Copy(p, none)
}

// Copy answers another node that passes a write on.
func (n *node) Copy(p Pair, _ *struct{}) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.data[p.Key] = p.Value
	return nil
}

// follows reports whether another node is to answer.
func (n *node) follows() bool { return n.store.FromLeader && n.h.Name() != "n1" }

// call asks another node.
func (n *node) call(peer, method string, args, reply any) error {
	ctx, cancel := n.h.WithTimeout(n.ctx, 500*time.Millisecond)
	defer cancel()
	c, err := dial(ctx, n.h, peer)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.call(ctx, method, args, reply)
}

// A Client talks to one node.
type Client struct{ *rpc.Client }

// Open connects a client to the node that its host is bound to.
func (s Store) Open(ctx context.Context, h *cluster.Host) (Client, error) {
	return dial(ctx, h, h.Node())
}

func dial(ctx context.Context, h *cluster.Host, node string) (Client, error) {
	conn, err := h.DialContext(ctx, "tcp", node+":7000")
	if err != nil {
		return Client{}, err
	}
	return Client{rpc.NewClient(conn)}, nil
}

// Get reads a key.
func (c Client) Get(ctx context.Context, key string) (int, error) {
	value := new(int)
	if err := c.call(ctx, "Store.Get", key, value); err != nil {
		return 0, err
	}
	return *value, nil
}

// Put writes a key. After an error it may have been written, or not, or be
// written yet; so an error needs no thought.
func (c Client) Put(ctx context.Context, key string, value int) error {
	return c.call(ctx, "Store.Put", Pair{key, value}, new(struct{}))
}

// call is [rpc.Client.Call] for as long as ctx lasts. After an error no caller may
// look at reply: the answer may still come.
func (c Client) call(ctx context.Context, method string, args, reply any) error {
	call := c.Go(method, args, reply, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
		return call.Error
	case <-ctx.Done():
		return ctx.Err()
	}
}
