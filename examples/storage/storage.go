// Package storage is a key-value store on one node that keeps its data in a storage
// engine that others wrote, by choice pebble or bbolt, and the tests of both.
//
// On pebble the engine's files are on the simulated disk of the host, so crashes
// lose what was not synced, and tear writes. On bbolt they are in a real folder of
// the host, so crashes lose what the process had not written, and no more.
package storage

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/capsize-go/capsize/cluster"
)

// An engine keeps values by key. Its methods may be called from many goroutines.
type engine interface {
	get(key string) (value int, err error) // 0 if there is none
	put(key string, value int) error
	Close() error
}

// A Store is a store on n1. Every request is served by a goroutine of its own, as
// net/http and gRPC do.
type Store struct {
	open func(ctx context.Context, h *cluster.Host) (engine, error)
}

type (
	get struct{ key string }
	put struct {
		key   string
		value int
	}
	done struct{}
)

// errFailed is the answer to a request that failed. What became of it is unknown.
var errFailed = errors.New("the node answered that it failed")

// Run runs one node: it opens the engine with what the last life left, and serves.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	e, err := s.open(ctx, h)
	if err != nil {
		return fmt.Errorf("open the engine: %w", err)
	}
	var requests sync.WaitGroup
	h.Handle(func(m cluster.Message) {
		requests.Go(func() { m.Reply(serve(h, e, m.Body)) })
	})
	<-ctx.Done()
	requests.Wait()
	if err := e.Close(); err != nil {
		return fmt.Errorf("close the engine: %w", err)
	}
	return nil
}

// serve returns the answer to a request.
func serve(h *cluster.Host, e engine, request any) any {
	var answer any = done{}
	var err error
	switch r := request.(type) {
	case get:
		answer, err = e.get(r.key)
	case put:
		err = e.put(r.key, r.value)
	}
	if err != nil {
		h.Log().Error("request failed", "request", request, "err", err)
		return errFailed
	}
	return answer
}

// A Client asks the node.
type Client struct{ h *cluster.Host }

// Open returns a client on h.
func (s Store) Open(_ context.Context, h *cluster.Host) (Client, error) { return Client{h}, nil }

// Get reads a key.
func (c Client) Get(ctx context.Context, key string) (int, error) {
	return ask[int](ctx, c.h, get{key})
}

// Put writes a key. After an error it is unknown whether it was written.
func (c Client) Put(ctx context.Context, key string, value int) error {
	_, err := ask[done](ctx, c.h, put{key, value})
	return err
}

// Close does nothing: a client has no connection.
func (c Client) Close() error { return nil }

func ask[R any](ctx context.Context, h *cluster.Host, request any) (answer R, err error) {
	v, err := h.Call(ctx, "n1", request)
	if err != nil {
		return answer, err
	}
	switch v := v.(type) {
	case R:
		return v, nil
	case error:
		return answer, v
	}
	return answer, fmt.Errorf("n1 answered %T", v)
}
