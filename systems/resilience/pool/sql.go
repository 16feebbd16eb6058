package pool

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/capsize-go/capsize/systems/resilience/web"
)

// An SQL is the pool of package database/sql.
//
// That gives a connection which comes back to any of those that wait, drawn at random: see TakeRandom in its source. A run
// would not repeat, so those that wait come to it one after the other, in the order of their arrival, which is one of the
// orders that it may choose. The first of them waits in package database/sql.
type SQL struct {
	DB   *sql.DB
	turn *web.Slots
}

// NewSQL returns a pool of at most size connections. All settings of DB but the number of connections are the
// package's own, and may be changed.
func NewSQL(c Connector, size int) *SQL {
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return &SQL{db, web.NewSlots(c.Host, 1)}
}

// Acquire waits for its turn, and then for a connection.
func (p *SQL) Acquire(ctx context.Context) (Connection, error) {
	if err := p.turn.Acquire(ctx); err != nil {
		return nil, err
	}
	c, err := p.DB.Conn(ctx)
	p.turn.Release()
	if err != nil {
		return nil, fmt.Errorf("pool: acquire: %w", err)
	}
	return sqlConnection{c}, nil
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
