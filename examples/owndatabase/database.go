// Package owndatabase tests the isolation of a database of one's own, here SQLite by database/sql. All that is particular to it is how it is started,
// and its statements: see Database.open. Workload, transactions, checker, minimal counterexample and report are those of Capsize.
//
// Mistakes of applications are options, as to leave out BEGIN, or to send reads to a connection of their own. SQLite is serializable
// (https://www.sqlite.org/isolation.html), and an application on it need not be.
package owndatabase

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/workloads"
	"github.com/capsize-go/capsize/workloads/sqltxn"
)

// roundTrip is how long a statement takes on its way to the database and back. Without it no two transactions would overlap.
const roundTrip = time.Millisecond

// A Database is SQLite with a write-ahead log, on node n1. The zero Database is strict serializable.
type Database struct {
	Mistake sqltxn.Mistake // of the application, to make; none by default
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

// open opens connections of its own for a client.
func (d Database) open(ctx context.Context, h *cluster.Host) (*sqltxn.Client, error) {
	name, err := cluster.Ask[string](ctx, h, "n1", address{})
	if err != nil {
		return nil, fmt.Errorf("find database: %w", err)
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return sqltxn.New(db, sqltxn.Options{
		Statements: sqltxn.Statements{
			Append:   `INSERT INTO lists VALUES (?1, json_array(?2)) ON CONFLICT (k) DO UPDATE SET v = json_insert(v, '$[#]', ?2)`,
			ReadList: `SELECT v FROM lists WHERE k = ?`,
		},
		Between: func() error { return h.Sleep(roundTrip) },
		Mistake: d.Mistake,
	}), nil
}
