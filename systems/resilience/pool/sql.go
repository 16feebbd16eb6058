package pool

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// An SQL is the pool of package database/sql.
//
// That gives a connection which comes back to any of those that wait, drawn at random: see TakeRandom in its source. A run
// would not repeat, so those that wait come to it one after the other, in the order of their arrival, which is one of the
// orders that it may choose. The first of them waits in package database/sql.
type SQL struct {
	DB *sql.DB

	// Validate is how long a connection has to answer a ping before it is given out. One that does not is closed, and another one
	// taken. Default: connections are given out as they are.
	Validate time.Duration

	h    *cluster.Host
	turn *web.Slots
}

// NewSQL returns a pool of at most size connections. All settings of DB but the number of connections are the
// package's own, and may be changed.
func NewSQL(c Connector, size int) *SQL {
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return &SQL{DB: db, h: c.Host, turn: web.NewSlots(c.Host, 1)}
}

// Acquire waits for its turn, and then for a connection.
func (p *SQL) Acquire(ctx context.Context) (Connection, error) {
	if err := p.turn.Acquire(ctx); err != nil {
		return nil, err
	}
	c, err := p.connection(ctx)
	p.turn.Release()
	if err != nil {
		return nil, fmt.Errorf("pool: acquire: %w", err)
	}
	return sqlConnection{c}, nil
}

// connection takes a connection, one that answers if that is asked for.
func (p *SQL) connection(ctx context.Context) (*sql.Conn, error) {
	for {
		c, err := p.DB.Conn(ctx)
		if err != nil || p.Validate == 0 {
			return c, err
		}
		err = p.ping(ctx, c)
		if err == nil {
			return c, nil
		}
		_ = c.Close() // it is not used any more
		if ctx.Err() != nil {
			return nil, err
		}
	}
}

func (p *SQL) ping(ctx context.Context, c *sql.Conn) error {
	ctx, cancel := p.h.WithTimeout(ctx, p.Validate)
	defer cancel()
	return c.PingContext(ctx)
}

// Close closes the pool.
func (p *SQL) Close() { _ = p.DB.Close() } // the connections end with the host in any case

type sqlConnection struct{ c *sql.Conn }

const anyQuery = "select for, source from orders"

// Query asks the database.
func (c sqlConnection) Query(ctx context.Context, q Query) (r Row, err error) {
	err = c.c.QueryRowContext(ctx, anyQuery, q.For, int64(q.Takes)).Scan(&r.For, &r.From)
	return r, err
}

// Leak leaves the rows open: neither they nor the connection are closed.
func (c sqlConnection) Leak(ctx context.Context, q Query) {
	rows, err := c.c.QueryContext(ctx, anyQuery, q.For, int64(q.Takes))
	if err == nil {
		rows.Next()
	}
}

// Release gives the connection back.
func (c sqlConnection) Release() { _ = c.c.Close() } // it may have been closed already
