package pool

import (
	"context"
	"sync"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Pool gives out connections to a database.
type Pool interface {
	// Acquire waits for a connection until ctx is done.
	Acquire(ctx context.Context) (Connection, error)
	// Close has all waits fail, and closes the connections that are not in use.
	Close()
}

// A Connection was taken out of a [Pool].
type Connection interface {
	// Query asks the database, and reads the answer.
	Query(ctx context.Context, q Query) (Row, error)
	// Leak asks the database, and does not read the answer to its end: what it holds is never given back.
	Leak(ctx context.Context, q Query)
	// Release gives the connection back.
	Release()
}

// A Lease is a connection that is recorded as held.
type Lease struct {
	Connection
	h    *cluster.Host
	span *cluster.Span
	once sync.Once
}

// Take acquires a connection from a pool of a host, by the name that the history has of it. The acquisition is recorded as
// a wait of the call in ctx, and what it returns as a hold until [Lease.Release].
func Take(ctx context.Context, h *cluster.Host, name string, p Pool) (*Lease, error) {
	l := &Lease{h: h}
	err := h.Do(ctx, web.In(ctx, "wait", name), func(ctx context.Context) (any, error) {
		c, err := p.Acquire(ctx)
		if err != nil {
			return nil, cluster.Failed(err)
		}
		l.Connection = c
		_ = h.Sleep(web.HandOver) // the host may have crashed
		return model.Answer{From: name}, nil
	})
	if err != nil {
		return nil, err
	}
	l.span = h.Begin(web.In(ctx, "hold", name))
	return l, nil
}

// Release gives the connection back. Only the first call counts. It takes two microseconds, so that who waits for the connection has it
// when Release returns.
func (l *Lease) Release() {
	l.once.Do(func() {
		l.span.End(model.Answer{}, nil)
		l.Connection.Release()
		_ = l.h.Sleep(2 * web.HandOver) // the host may have crashed
	})
}
