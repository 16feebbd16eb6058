package sqldriver

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/model"
)

// A transaction is open on a connection.
type transaction struct {
	conn     *conn
	ctx      context.Context // of BEGIN
	readOnly bool
	aborted  bool
}

// run carries out a statement. After an error nothing of the transaction has happened or will, since no COMMIT was sent.
func (t *transaction) run(ctx context.Context, s *statement, op model.TxnOp) (model.TxnOp, error) {
	if t.readOnly && s.column == noColumn {
		return op, fmt.Errorf("%s: %w", s.text, errReadOnly)
	}
	if t.aborted {
		return op, fmt.Errorf("%s: %w", s.text, model.ErrAborted)
	}
	op, err := t.conn.session.Do(ctx, op, s.lock)
	if err == nil {
		return op, nil
	}
	t.aborted = true
	t.conn.bad = !model.IsAborted(err)
	return op, fmt.Errorf("%s: %w", s.text, err)
}

// Commit commits. It is sent once, and the caller alone can know whether it may be tried again.
func (t *transaction) Commit() error {
	c := t.conn
	c.tx = nil
	if t.aborted || c.bad {
		return fmt.Errorf("COMMIT: %w", model.ErrAborted) // it is not sent
	}
	ctx, cancel := c.within(t.ctx)
	defer cancel()
	if err := c.session.Commit(ctx); err != nil {
		return c.open("COMMIT", err)
	}
	return nil
}

// Rollback aborts. When the context of BEGIN has ended, database/sql calls it on a goroutine of its own: then nothing is sent, so that it makes no
// difference when that goes on, and the database aborts the transaction when it has been idle for long.
func (t *transaction) Rollback() error {
	c := t.conn
	c.tx = nil
	if t.ctx.Err() != nil {
		c.bad = true
	}
	if t.aborted || c.bad {
		return nil
	}
	ctx, cancel := c.within(t.ctx)
	defer cancel()
	c.bad = c.session.Rollback(ctx) != nil
	return nil
}
