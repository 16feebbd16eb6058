package cachekv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/capsize-go/capsize/cluster"
)

// A Swapper is a client of a store whose keys can serve as rows: their value is the version, and a write swaps it for the
// next one. CAS sets key to value if it is old, and returns what it found.
type Swapper interface {
	Get(ctx context.Context, key string) (int, error)
	CAS(ctx context.Context, key string, old, value int) (found int, err error)
	io.Closer
}

// Over puts a Redis before any other store: all nodes run that store, and the last one also runs Redis. It tests a strategy
// over a database that is itself replicated.
type Over[C Swapper] struct {
	Under    cluster.System
	OpenKV   func(ctx context.Context, h *cluster.Host) (C, error) // of a client of Under
	Strategy Strategy
	TTL      time.Duration // default 30s

	// OpenReplica is of a client of Under whose reads may be behind, for a strategy that loads from replicas.
	OpenReplica func(ctx context.Context, h *cluster.Host) (C, error)
}

// Run runs one node until ctx is done.
func (s Over[C]) Run(ctx context.Context, h *cluster.Host) error {
	err := errors.Join(Redis{Of: s.store()}.check(),
		errorUnless(!s.Strategy.FromReplica || s.OpenReplica != nil, "loads from a replica take OpenReplica"))
	if err != nil {
		return fmt.Errorf("boot cachekv: %w", err)
	}
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return s.Under.Run(ctx, h) })
	if h.Name() == lastOf(h) {
		both.Go(func() error { return ServeRedis(ctx, h) })
	}
	return both.Wait()
}

// Pace is that of the store.
func (s Over[C]) Pace() time.Duration { return cluster.Pace(s.Under) }

func lastOf(h *cluster.Host) string {
	nodes := h.Nodes()
	return nodes[len(nodes)-1]
}

// Open makes an application server.
func (s Over[C]) Open(ctx context.Context, h *cluster.Host) (*App, error) {
	c, err := s.OpenKV(ctx, h)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	d := kvRows{h, c, c}
	if s.Strategy.FromReplica {
		if d.replica, err = s.OpenReplica(ctx, h); err != nil {
			return nil, fmt.Errorf("open the store's replica: %w", errors.Join(err, c.Close()))
		}
	}
	return newApp(h, s.store().withDefaults(), d, newRemote(h, lastOf(h))), nil
}

func (s Over[C]) store() Store { return Store{Strategy: s.Strategy, TTL: s.TTL} }

// kvRows is a store of integers as an application sees it.
type kvRows struct {
	h          *cluster.Host
	c, replica Swapper
}

func (d kvRows) load(ctx context.Context, key string, behind bool) (row, error) {
	from := d.c
	if behind {
		from = d.replica
	}
	v, err := from.Get(ctx, key)
	return row{v, d.h.Clock().Monotonic()}, err
}

// next raises the version of a row by compare-and-swap until that succeeds.
func (d kvRows) next(ctx context.Context, key string) (row, error) {
	v, err := d.c.Get(ctx, key)
	if err != nil {
		return row{}, refused{err} // nothing was written
	}
	for {
		found, err := d.c.CAS(ctx, key, v, v+1)
		if err != nil {
			return row{}, err
		}
		if found == v {
			return row{v + 1, d.h.Clock().Monotonic()}, nil
		}
		v = found
	}
}

// loads fails: other stores do not record their reads.
func (kvRows) loads(context.Context, string) ([]time.Duration, error) {
	return nil, errors.New("the store does not tell when it was read")
}

func (d kvRows) close() error {
	if d.replica == d.c {
		return d.c.Close()
	}
	return errors.Join(d.c.Close(), d.replica.Close())
}

// refused is the error of an operation that certainly did not happen.
type refused struct{ error }

func (refused) DidNotHappen() bool { return true }
func (e refused) Unwrap() error    { return e.error }
