package sqldriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/ssi"
)

// A conn is a connection. database/sql has one goroutine at a time use it.
type conn struct {
	of      *Connector
	session *ssi.Session
	bad     bool         // an answer did not come
	tx      *transaction // that is open; nil if each statement is one
}

var errReadOnly = errors.New("a transaction that is read only can't write")

// levels are the isolation levels that the database has.
var levels = map[sql.IsolationLevel]ssi.Level{
	sql.LevelDefault: ssi.Serializable, sql.LevelSerializable: ssi.Serializable,
	sql.LevelSnapshot: ssi.Snapshot, sql.LevelReadCommitted: ssi.ReadCommitted,
}

// BeginTx begins a transaction. It has no effect on others, so that it can be sent again over another connection.
func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	level, ok := levels[sql.IsolationLevel(o.Isolation)]
	if !ok {
		return nil, fmt.Errorf("BEGIN: there is no isolation level %v: the database has %v, %v and %v", sql.IsolationLevel(o.Isolation),
			sql.LevelSerializable, sql.LevelSnapshot, sql.LevelReadCommitted)
	}
	if c.bad {
		return nil, driver.ErrBadConn
	}
	within, cancel := c.within(ctx)
	defer cancel()
	if err := c.session.Begin(within, level, o.ReadOnly); err != nil {
		return nil, c.harmless(ctx, "BEGIN", err)
	}
	c.tx = &transaction{conn: c, ctx: ctx, readOnly: o.ReadOnly}
	return c.tx, nil
}

// within bounds how long the connection waits for an answer.
func (c *conn) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if d := c.of.options.ReadTimeout; d > 0 {
		return c.of.h.WithTimeout(ctx, d)
	}
	return ctx, func() {}
}

// harmless is the error of what has no effect. If only the connection is at fault, database/sql may send it over another one.
func (c *conn) harmless(ctx context.Context, what string, err error) error {
	if !model.IsAborted(err) {
		c.bad = true
		if ctx.Err() == nil {
			return driver.ErrBadConn
		}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// open is the error of what may have had an effect, unless it was aborted.
func (c *conn) open(what string, err error) error {
	if model.IsAborted(err) {
		return fmt.Errorf("%s: %w", what, err)
	}
	c.bad = true
	if c.of.options.Bugs&BadConn != 0 {
		return driver.ErrBadConn
	}
	return fmt.Errorf("%s: %w: %w", what, ErrUnknown, err)
}

// run carries out a statement.
func (c *conn) run(ctx context.Context, s *statement, args []driver.NamedValue) (model.TxnOp, error) {
	op, err := s.operation(args)
	if err != nil {
		return op, err
	}
	if c.bad {
		return op, driver.ErrBadConn
	}
	within, cancel := c.within(ctx)
	defer cancel()
	if c.tx != nil {
		return c.tx.run(within, s, op)
	}
	op, err = c.session.Auto(within, ssi.Serializable, op)
	switch {
	case err == nil:
		return op, nil
	case s.column == noColumn:
		return op, c.open(s.text, err)
	}
	return op, c.harmless(ctx, s.text, err)
}

// ExecContext carries out a statement that returns no rows.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := parse(query)
	if err != nil {
		return nil, err
	}
	if s.column != noColumn {
		return nil, fmt.Errorf("%q returns rows: it is a query", query)
	}
	if _, err := c.run(ctx, s, args); err != nil {
		return nil, err
	}
	return driver.RowsAffected(1), nil
}

// QueryContext carries out a statement that returns rows.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := parse(query)
	if err != nil {
		return nil, err
	}
	if s.column == noColumn {
		return nil, fmt.Errorf("%q returns no rows: it is no query", query)
	}
	op, err := c.run(ctx, s, args)
	if err != nil {
		return nil, err
	}
	return s.rows(op), nil
}

// PrepareContext returns a statement to be carried out later. It is parsed, and nothing is sent.
func (c *conn) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	s, err := parse(query)
	if err != nil {
		return nil, err
	}
	return &prepared{c, query, s.args}, nil
}

// Prepare is PrepareContext.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// Begin is an error: a transaction needs a context, without which COMMIT could wait without end.
func (c *conn) Begin() (driver.Tx, error) { return nil, errors.New("BEGIN: use BeginTx") }

// Close ends the connection. An open transaction is aborted when it has been idle for [ssi.IdleTimeout].
func (c *conn) Close() error { return nil }

// IsValid reports whether the connection may be used again.
func (c *conn) IsValid() bool { return !c.bad }

// ResetSession is called before the connection is used again.
func (c *conn) ResetSession(context.Context) error {
	if c.bad {
		return driver.ErrBadConn
	}
	return nil
}

// A prepared is a statement that was prepared.
type prepared struct {
	*conn
	query string
	args  int
}

var errNoContext = errors.New("use a method with a context")

// NumInput returns how many arguments the statement takes.
func (p *prepared) NumInput() int { return p.args }

// Exec is an error.
func (p *prepared) Exec([]driver.Value) (driver.Result, error) { return nil, errNoContext }

// Query is an error.
func (p *prepared) Query([]driver.Value) (driver.Rows, error) { return nil, errNoContext }

// ExecContext carries out the statement.
func (p *prepared) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return p.conn.ExecContext(ctx, p.query, args)
}

// QueryContext carries out the statement.
func (p *prepared) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return p.conn.QueryContext(ctx, p.query, args)
}
