package sqltxn

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/model"
)

// once carries out the operations as one transaction.
func (c *Client) once(ctx context.Context, ops []model.TxnOp) ([]model.TxnOp, error) {
	tx, err := c.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", model.ErrAborted, err)
	}
	ops = slices.Clone(ops)
	for i := range ops {
		if err := c.do(ctx, tx, &ops[i]); err != nil {
			return nil, tx.undo(i, err)
		}
	}
	err = tx.commit()
	if errors.Is(err, sql.ErrTxDone) || err != nil && c.aborted(err) { // ErrTxDone: it was rolled back when its context ended
		return nil, fmt.Errorf("%w: %w", model.ErrAborted, err)
	}
	return ops, err // after any other error of a commit it may have happened
}

// do carries out an operation, and sets what it read.
func (c *Client) do(ctx context.Context, tx transaction, o *model.TxnOp) (err error) {
	query := tx.QueryRowContext
	if c.o.Mistake&ReadElsewhere != 0 {
		query = c.db.QueryRowContext
	}
	switch {
	case o.F == model.TxnAppend:
		_, err = tx.ExecContext(ctx, c.o.Append, o.Key, o.Value)
	case o.F == model.TxnWrite:
		_, err = tx.ExecContext(ctx, c.o.Write, o.Key, o.Value)
	case o.F == model.TxnInsert:
		_, err = tx.ExecContext(ctx, c.o.Insert, o.Key, o.Value)
	case o.F == model.TxnDelete:
		_, err = tx.ExecContext(ctx, c.o.Delete, o.Key)
	case o.F == model.TxnReadAll:
		o.Rows, err = readRows(ctx, tx, c.o.ReadRows, o.Key)
	case c.o.ReadList != "":
		o.List, err = readList(query(ctx, c.o.ReadList, o.Key))
	default:
		o.Value, err = readNumber(query(ctx, c.o.ReadRegister, o.Key))
	}
	if err == nil && c.o.Between != nil {
		err = c.o.Between()
	}
	return err
}

// A transaction is one of database/sql, or a connection on which each statement is one.
type transaction struct {
	statements
	commit func() error
	undo   func(done int, err error) error // after an error of a statement, of those before it that were done
}

type statements interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (c *Client) begin(ctx context.Context) (transaction, error) {
	if c.o.Mistake&Autocommit != 0 {
		return transaction{c.db, func() error { return nil }, partly}, nil
	}
	tx, err := c.db.BeginTx(ctx, &c.o.Tx)
	if err != nil {
		return transaction{}, err
	}
	return transaction{tx, tx.Commit, func(_ int, err error) error {
		_ = tx.Rollback() // without a COMMIT it has no effect, whether or not this arrives
		return fmt.Errorf("%w: %w", model.ErrAborted, err)
	}}, nil
}

// partly is the error of a statement that is a transaction of its own, after others that were to be of the same.
func partly(done int, err error) error {
	if done == 0 {
		return err
	}
	return fmt.Errorf("%d statements before this one have taken effect: %s", done, err)
}

// readList reads the list of a row.
func readList(row *sql.Row) ([]int, error) {
	var text sql.NullString
	if err := row.Scan(&text); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if text.String == "" {
		return nil, nil
	}
	var list []int
	if err := json.Unmarshal([]byte("["+strings.Trim(text.String, "[]")+"]"), &list); err != nil {
		return nil, fmt.Errorf("the list %q is neither a JSON array nor numbers with commas between: %w", text.String, err)
	}
	return list, nil
}

// readNumber reads the number of a row.
func readNumber(row *sql.Row) (int, error) {
	var n sql.NullInt64
	if err := row.Scan(&n); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	return int(n.Int64), nil
}

// readRows reads the keys of the rows that match a predicate like "[= 3]".
func readRows(ctx context.Context, tx transaction, query, predicate string) (map[string]int, error) {
	var want int
	if _, err := fmt.Sscanf(predicate, "[= %d]", &want); err != nil {
		return nil, fmt.Errorf("the predicate %q is not like [= 3]: %w", predicate, err)
	}
	rows, err := tx.QueryContext(ctx, query, want)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err
	found := map[string]int{}
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		found[key] = want
	}
	return found, rows.Err()
}
