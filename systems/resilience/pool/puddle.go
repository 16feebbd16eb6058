package pool

import (
	"context"

	"github.com/jackc/puddle/v2"

	"github.com/capsize-go/capsize/cluster"
)

// A Puddle is the pool of jackc/puddle, which pgx is built on. Those that wait get connections in the order of their arrival.
type Puddle struct{ pool *puddle.Pool[*Conn] }

// NewPuddle returns a pool of at most size connections to a database; size is at least 1.
func NewPuddle(h *cluster.Host, database string, size int) (*Puddle, error) {
	p, err := puddle.NewPool(&puddle.Config[*Conn]{
		Constructor: func(ctx context.Context) (*Conn, error) { return Dial(ctx, h, database) },
		Destructor:  func(c *Conn) { _ = c.Close() }, // the peer may be gone
		MaxSize:     int32(size),
	})
	return &Puddle{p}, err
}

// Acquire waits for a connection.
func (p *Puddle) Acquire(ctx context.Context) (Connection, error) {
	r, err := p.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	return puddleConnection{r}, nil
}

// Close closes the connections that are not in use. Those that wait go on until their ctx ends. Close of puddle itself waits for all
// that is in use, which may be for ever.
func (p *Puddle) Close() {
	for _, r := range p.pool.AcquireAllIdle() {
		r.Destroy()
	}
}

type puddleConnection struct{ r *puddle.Resource[*Conn] }

// Query asks the database.
func (c puddleConnection) Query(ctx context.Context, q Query) (Row, error) {
	return c.r.Value().Query(ctx, q)
}

// Leak asks, and never releases.
func (c puddleConnection) Leak(ctx context.Context, q Query) {
	_, _ = c.Query(ctx, q) // what it answers is of no interest
}

// Release gives the connection back, or has it closed if it can't be used again.
func (c puddleConnection) Release() {
	if c.r.Value().Usable() {
		c.r.Release()
	} else {
		c.r.Destroy()
	}
}
