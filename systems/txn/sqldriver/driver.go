// Package sqldriver is a driver of database/sql for the database of package ssi, so that it can be tested as an application uses a database: with
// BEGIN, statements one at a time whose answers the application looks at, and COMMIT.
//
// [Dialect] lists the statements. There are three tables, which need not be made: lists has a list for each key, empty at first, which is read
// as a text like [1,2]; registers has a number, and no row before one is written; rows has rows with numbers that are inserted, deleted, and found by
// their number. Keys are texts, and numbers are above 0. Rows of one key in two tables conflict with each other.
//
// Transactions have the levels [sql.LevelSerializable], which is the default, [sql.LevelSnapshot] and [sql.LevelReadCommitted], and may be read
// only; all others are refused. Locks of FOR UPDATE, and of writes of READ COMMITTED, do not wait: a transaction that meets one is aborted.
//
// # Errors
//
// What a program may do after an error depends on whether the statement may have taken effect:
//
//   - [model.ErrAborted] is wrapped by what the database took back, or never did. It may be tried again as a new transaction.
//   - [driver.ErrBadConn] is returned only if nothing was sent, or by BEGIN and by queries outside of a transaction, which change nothing:
//     database/sql sends again what gets this error, without a word. See https://github.com/golang/go/issues/11978.
//   - [ErrUnknown] is wrapped by a COMMIT, and by a statement outside of a transaction, whose answer did not come: it may have taken effect, or
//     may yet. To try it again is a mistake, unless the program can tell that it happened.
//   - Any other error of a statement in a transaction leaves that without effect, since no COMMIT was sent.
//
// A connection that has missed an answer is not used again. COMMIT and ROLLBACK end with the context of BEGIN, since database/sql gives them none.
package sqldriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/bugset"
	"github.com/capsize-go/capsize/systems/txn/ssi"
)

// ErrUnknown is for a statement or a COMMIT that may have taken effect, or may yet.
var ErrUnknown = errors.New("no answer came: it may have taken effect")

// A Bug is a set of mistakes for a driver to make.
type Bug uint

// BadConn returns [driver.ErrBadConn] for a statement outside of a transaction whose answer did not come. database/sql then sends it again, up to twice,
// and it may take effect as often. Precedents are go-sql-driver/mysql before 1.4, https://github.com/go-sql-driver/mysql/issues/582, and
// lib/pq, https://github.com/lib/pq/issues/939, which sent statements again.
const BadConn Bug = 1

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("sqldriver",
	bugset.Of(BadConn, "bad-conn", "a statement without an answer is said to have met a bad connection, and database/sql sends it again"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }

// Options of a connector.
type Options struct {
	ReadTimeout time.Duration // how long a connection waits for an answer; by default as long as the context lasts
	Bugs        Bug           // mistakes to make; none by default
}

// A Connector opens connections of a host to the node that it is bound to, for [sql.OpenDB].
type Connector struct {
	h       *cluster.Host
	session *ssi.Session
	options Options

	mu     sync.Mutex
	opened uint64
}

// Open returns a pool of connections to a database.
func Open(store ssi.Store, h *cluster.Host, o Options) *sql.DB { return sql.OpenDB(New(store, h, o)) }

// New returns a connector.
func New(store ssi.Store, h *cluster.Host, o Options) *Connector {
	return &Connector{h: h, session: store.Connect(h), options: o}
}

// Connect returns a connection. It sends nothing yet.
func (c *Connector) Connect(context.Context) (driver.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened++
	return &conn{of: c, session: c.session.Another(c.opened)}, nil
}

// Driver returns the driver of the connections.
func (c *Connector) Driver() driver.Driver { return noNames{} }

// noNames is the driver. The database has no address in the world outside of its cluster.
type noNames struct{}

// Open is an error.
func (noNames) Open(string) (driver.Conn, error) {
	return nil, errors.New("sqldriver: a database has no name: use sqldriver.Open")
}
