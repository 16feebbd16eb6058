// Package owndatabase tests the isolation of a database of one's own. All it takes is in txn.go: a method that carries out a
// transaction, here on SQLite by database/sql. Workload, checker, minimal counterexample and report are those of Capsize.
//
// Two mistakes of applications are options: to leave out BEGIN, and to send reads to a connection of their own. SQLite is serializable
// (https://www.sqlite.org/isolation.html), and an application on it need not be.
package owndatabase

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/workloads"
)

// roundTrip is how long a statement takes on its way to the database and back. Without it no two transactions would overlap.
const roundTrip = time.Millisecond

// A Database is SQLite with a write-ahead log, on node n1. The zero Database is strict serializable.
type Database struct {
	Autocommit bool // there is no BEGIN: each statement is a transaction of its own
	ReaderPool bool // reads go to another connection than writes, as in applications that spare the writer
}

// address asks n1 for the name of the database.
type address struct{}

// Run runs the node: it makes the database, says its name to clients, and removes it in the end.
func (d Database) Run(ctx context.Context, h *cluster.Host) error {
	folder, err := os.MkdirTemp("", "owndatabase")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }() // it is a temporary one
	// A connection that finds the database locked is to say so at once: to wait would take real time, and the transaction is aborted.
	name := "file:" + filepath.Join(folder, "lists.db") + "?_pragma=busy_timeout(0)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)"
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { _ = db.Close() }() // nothing is kept
	if _, err := db.ExecContext(ctx, "CREATE TABLE lists (k TEXT PRIMARY KEY, v TEXT)"); err != nil {
		return fmt.Errorf("make table: %w", err)
	}
	h.Handle(func(m cluster.Message) { m.Reply(name) })
	<-ctx.Done()
	return nil
}

// Workload has clients append to lists and read them, and holds the database to strict serializability.
func (d Database) Workload() workloads.Workload {
	return workloads.Append(d.open, txn.StrictSerializable, workloads.TxnMix{})
}

// open opens a connection of its own for a client.
func (d Database) open(ctx context.Context, h *cluster.Host) (session, error) {
	name, err := cluster.Ask[string](ctx, h, "n1", address{})
	if err != nil {
		return session{}, fmt.Errorf("find database: %w", err)
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return session{}, fmt.Errorf("open database: %w", err)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return session{}, errors.Join(err, db.Close())
	}
	return session{client{h, conn, d}, db}, nil
}

// A session is a client with what it must close.
type session struct {
	client
	db *sql.DB
}

// Close closes the connection.
func (s session) Close() error { return errors.Join(s.conn.Close(), s.db.Close()) }
