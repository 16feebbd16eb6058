package rediskv

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/redis/go-redis/v9"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/cache/cachekv"
	"github.com/capsize-go/capsize/workloads"
)

// A Store is a Redis on node n1. The zero Store is linearizable. The node must not crash: it has the data in memory.
type Store struct{ Bugs Bug }

// Run runs one node until its host crashes. Nodes but n1 do nothing.
func (Store) Run(ctx context.Context, h *cluster.Host) error {
	if h.Name() == "n1" {
		return cachekv.ServeRedis(ctx, h)
	}
	<-ctx.Done()
	return nil
}

// A Client is a client of n1 with a pool of its own.
type Client struct {
	redis *redis.Client
	bugs  Bug
}

// Open returns a client. It connects when it is used.
func (s Store) Open(_ context.Context, h *cluster.Host) (Client, error) {
	o := &redis.Options{
		Addr: "n1:6379", ContextTimeoutEnabled: true,
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return h.DialContext(ctx, network, addr)
		},
	}
	if s.Bugs&Retries == 0 {
		o.MaxRetries = -1
	}
	return Client{redis.NewClient(o), s.Bugs}, nil
}

// Get reads a key; one that was never written is 0.
func (c Client) Get(ctx context.Context, key string) (int, error) {
	return value(c.redis.Get(ctx, key))
}

// value returns an answer; that there is none is 0.
func value(cmd *redis.StringCmd) (int, error) {
	n, err := cmd.Int()
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	return n, err
}

// Put writes a key.
func (c Client) Put(ctx context.Context, key string, value int) error {
	return c.outcome(c.redis.Set(ctx, key, value, 0).Err())
}

// CAS writes a key if its value is old, and returns the value that it found.
func (c Client) CAS(ctx context.Context, key string, old, value int) (found int, err error) {
	switch {
	case c.bugs&GetThenSet != 0:
		if found, err = c.Get(ctx, key); err == nil && found == old {
			err = c.redis.Set(ctx, key, value, 0).Err()
		}
	case c.bugs&WatchElsewhere != 0:
		found, err = c.swapByPool(ctx, key, old, value)
	default:
		found, err = c.swap(ctx, key, old, value)
	}
	return found, c.outcome(err)
}

// swap compares and sets in a transaction that Redis refuses if another has written the key meanwhile.
func (c Client) swap(ctx context.Context, key string, old, to int) (found int, err error) {
	err = c.redis.Watch(ctx, func(tx *redis.Tx) error {
		if found, err = value(tx.Get(ctx, key)); err != nil || found != old {
			return err
		}
		_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Set(ctx, key, to, 0).Err() })
		return err
	}, key)
	if errors.Is(err, redis.TxFailedErr) {
		err = fmt.Errorf("%w: %w", workloads.ErrFail, err)
	}
	return found, err
}

// swapByPool does the same with commands that may each have a connection of their own.
func (c Client) swapByPool(ctx context.Context, key string, old, to int) (found int, err error) {
	if err := c.redis.Do(ctx, "WATCH", key).Err(); err != nil {
		return 0, err
	}
	// As a program does while others use the pool: this one has the connection that WATCH had.
	other := c.redis.Conn()
	defer other.Close()
	if err := other.Ping(ctx).Err(); err != nil {
		return 0, err
	}
	if found, err = c.Get(ctx, key); err != nil || found != old {
		return found, err
	}
	_, err = c.redis.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Set(ctx, key, to, 0).Err() })
	return found, err
}

// Add adds to a counter.
func (c Client) Add(ctx context.Context, key string, n int) error {
	return c.outcome(c.redis.IncrBy(ctx, key, int64(n)).Err())
}

// Sum reads a counter.
func (c Client) Sum(ctx context.Context, key string) (int, error) { return c.Get(ctx, key) }

// outcome says which errors are failures: by the bug, those after which something may have been done.
func (c Client) outcome(err error) error {
	var timeout net.Error
	if c.bugs&LateIsFailed != 0 && (errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()) {
		return fmt.Errorf("%w: %w", workloads.ErrFail, err)
	}
	return err
}

// Close closes the connections.
func (c Client) Close() error { return c.redis.Close() }
