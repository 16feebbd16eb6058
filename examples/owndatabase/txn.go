package owndatabase

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// A client carries out transactions on a connection of its own.
type client struct {
	h    *cluster.Host
	conn *sql.Conn
	of   Database
}

// Txn carries out the operations as one transaction. It is all that is particular to a database.
func (s session) Txn(ctx context.Context, ops []model.TxnOp) ([]model.TxnOp, error) {
	tx, err := s.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", model.ErrAborted, err)
	}
	ops = slices.Clone(ops)
	for i, o := range ops {
		switch {
		case o.F == model.TxnAppend:
			_, err = tx.ExecContext(ctx, `INSERT INTO lists VALUES (?1, json_array(?2)) ON CONFLICT (k) DO UPDATE SET v = json_insert(v, '$[#]', ?2)`, o.Key, o.Value)
		case s.of.ReaderPool:
			ops[i].List, err = read(s.db.QueryRowContext(ctx, selectList, o.Key))
		default:
			ops[i].List, err = read(tx.QueryRowContext(ctx, selectList, o.Key))
		}
		if err = errors.Join(err, s.h.Sleep(roundTrip)); err != nil {
			return nil, fmt.Errorf("%w: %w", tx.undo(), err)
		}
	}
	return ops, tx.commit() // after an error of a commit it may have happened
}

const selectList = `SELECT coalesce((SELECT v FROM lists WHERE k = ?), '[]')`

// read reads the list of a row.
func read(row *sql.Row) (list []int, err error) {
	var text string
	if err := row.Scan(&text); err != nil {
		return nil, err
	}
	return list, json.Unmarshal([]byte(text), &list)
}

// A transaction is one of database/sql, or a connection on which each statement commits by itself.
type transaction struct {
	statements
	commit, rollback func() error
}

type statements interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (c client) begin(ctx context.Context) (transaction, error) {
	if c.of.Autocommit {
		return transaction{c.conn, func() error { return nil }, func() error { return errPartly }}, nil
	}
	tx, err := c.conn.BeginTx(ctx, nil)
	if err != nil {
		return transaction{}, err
	}
	return transaction{tx, tx.Commit, tx.Rollback}, nil
}

var errPartly = errors.New("statements before this one have taken effect")

// undo takes back what the transaction did, and returns what is to be said of it.
func (t transaction) undo() error {
	if err := t.rollback(); err != nil {
		return err
	}
	return model.ErrAborted
}
