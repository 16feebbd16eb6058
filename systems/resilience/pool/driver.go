package pool

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Connector makes connections for package database/sql, in place of the name of a driver and a data source.
type Connector struct {
	Host     *cluster.Host
	Database string // the host or name of the database

	// Lifetime is when connections end. Of it package database/sql has the settings Most and Validate itself.
	Lifetime Lifetime
	// KeepCancelled is the bug of [Conn.KeepCancelled].
	KeepCancelled bool
}

// Connect makes a connection.
func (c Connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := Dial(ctx, c.Host, c.Database)
	if err != nil {
		return nil, err
	}
	conn.KeepCancelled = c.KeepCancelled
	return &sqlConn{conn, c.Lifetime}, nil
}

// Driver is what a Connector must have; this one opens nothing by a name.
func (c Connector) Driver() driver.Driver { return noDriver{} }

type noDriver struct{}

// Open fails: connections are made by a [Connector].
func (noDriver) Open(string) (driver.Conn, error) { return nil, errors.New("pool: use sql.OpenDB") }

// A sqlConn is a connection as package database/sql uses it.
type sqlConn struct {
	*Conn
	lifetime Lifetime
}

// QueryContext asks the one query that the database knows: its arguments are the number of the request and the time
// that it takes, in nanoseconds. The answer is read whole: package database/sql holds locks while it reads rows.
func (c *sqlConn) QueryContext(ctx context.Context, _ string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) != 2 {
		return nil, fmt.Errorf("pool: a query has 2 arguments, not %d", len(args))
	}
	id, ok := args[0].Value.(int64)
	takes, ok2 := args[1].Value.(int64)
	if !ok || !ok2 {
		return nil, fmt.Errorf("pool: arguments %v are no integers", args)
	}
	row, err := c.Query(ctx, Query{For: int(id), Takes: time.Duration(takes)})
	if c.lifetime.RejectReadOnly && errors.As(err, &RefusedError{}) {
		c.err = err
	}
	if err != nil {
		return nil, err
	}
	return &sqlRows{row: row}, nil
}

// Ping implements [driver.Pinger]. An error of the connection is [driver.ErrBadConn], so that it is not used again.
func (c *sqlConn) Ping(ctx context.Context) error {
	err := c.Conn.Ping(ctx)
	if err != nil && ctx.Err() == nil {
		return driver.ErrBadConn
	}
	return err
}

// IsValid implements [driver.Validator]: package database/sql asks it before a connection goes back to the pool.
func (c *sqlConn) IsValid() bool { return c.Usable() && !c.lifetime.over(c.Conn) }

// Begin begins a transaction. [sqlConn.BeginTx] is what package database/sql calls.
func (c *sqlConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx begins a transaction.
func (c *sqlConn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	_, err := c.ask(ctx, lineBegin)
	return sqlTx{c.Conn}, err
}

// Prepare fails: there are no prepared statements.
func (c *sqlConn) Prepare(string) (driver.Stmt, error) { return nil, driver.ErrSkip }

type sqlTx struct{ c *Conn }

// Commit ends the transaction.
func (t sqlTx) Commit() error {
	_, err := t.c.ask(context.Background(), lineCommit)
	return err
}

// Rollback ends the transaction: nothing that the database does needs to be undone.
func (t sqlTx) Rollback() error { return t.Commit() }

// sqlRows are the one row of an answer.
type sqlRows struct {
	row  Row
	read bool
}

// Columns returns the names of the columns.
func (*sqlRows) Columns() []string { return []string{"for", "source"} }

// Close does nothing: the answer has been read.
func (*sqlRows) Close() error { return nil }

// Next returns the row, once.
func (r *sqlRows) Next(dest []driver.Value) error {
	if r.read {
		return io.EOF
	}
	r.read = true
	dest[0], dest[1] = int64(r.row.For), r.row.From
	return nil
}
