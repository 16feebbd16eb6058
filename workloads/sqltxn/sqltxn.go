// Package sqltxn carries out transactions on a database that has a driver of database/sql: all that a test of such a database needs beside it
// are its statements.
package sqltxn

import (
	"context"
	"database/sql"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/workloads"
)

// Statements are how a database does the operations of transactions. Those that a workload does not ask for may be empty. Each gets the key as
// its first argument, and the value, if the operation has one, as its second.
type Statements struct {
	Append   string // appends a value to the list of a key, which need not be there: for [workloads.Append]
	ReadList string // returns the list of a key as a text: a JSON array, or numbers with commas between. No row, NULL and an empty text are the empty list

	Write        string // sets the number of a key, which need not be there: for [workloads.Registers]
	ReadRegister string // returns the number of a key; no row and NULL are none

	Insert string // makes a row, which must not be there: for [workloads.Doctors]
	Delete string // removes a row
	// ReadRows returns the keys of the rows with a value, which is its only argument.
	ReadRows string
}

// Options of a client.
type Options struct {
	Statements
	Tx      sql.TxOptions    // how transactions begin; the zero value is what the database has by default
	Aborted func(error) bool // whether an error of COMMIT says that the transaction did not happen, as one with the SQLSTATE 40001 does; nil for [workloads.Outcome]
	Between func() error     // called after each statement. A test of a database without a network lets time pass in it, or no two transactions would overlap
	Mistake Mistake          // to make, to see whether a test finds it
}

// A Mistake is a set of mistakes that applications make.
type Mistake uint

const (
	// Autocommit leaves out BEGIN and COMMIT: each statement is a transaction of its own.
	Autocommit Mistake = 1 << iota

	// ReadElsewhere sends reads over another connection than the transaction's, as applications do that have a pool for them.
	ReadElsewhere

	// RetryUnknown tries a transaction again whose COMMIT got no answer, as wrappers do that retry after any error. It may be carried out twice.
	RetryUnknown
)

// A Client is a session with a database. It does one thing at a time.
type Client struct {
	db *sql.DB
	o  Options
}

// New returns a client, which closes db when it is closed. For sessions to mean something, db should be the client's own.
func New(db *sql.DB, o Options) *Client { return &Client{db, o} }

// Close closes the database.
func (c *Client) Close() error { return c.db.Close() }

// Txn carries out the operations as one transaction. The error wraps [model.ErrAborted] if nothing of it happened.
func (c *Client) Txn(ctx context.Context, ops []model.TxnOp) ([]model.TxnOp, error) {
	for {
		out, err := c.once(ctx, ops)
		if err == nil || c.o.Mistake&RetryUnknown == 0 || c.aborted(err) || ctx.Err() != nil {
			return out, err
		}
	}
}

// aborted reports whether an error says that nothing of a transaction happened.
func (c *Client) aborted(err error) bool {
	return workloads.Outcome(err) == history.Fail || c.o.Aborted != nil && c.o.Aborted(err)
}
