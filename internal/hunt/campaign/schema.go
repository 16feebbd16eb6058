package campaign

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// Version is that of the tables. A file of another version is refused.
const schemaVersion = 1

// applicationID marks the file as a campaign, in its header: "caps".
const applicationID = 0x63617073

// The tables. docs/reference/hunt.md says what each column holds.
const schema = `
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE shards (number INTEGER, count INTEGER, PRIMARY KEY (number, count)) WITHOUT ROWID;
CREATE TABLE targets (
	id INTEGER PRIMARY KEY, system TEXT NOT NULL, bug TEXT NOT NULL, workload TEXT NOT NULL, nemesis TEXT NOT NULL,
	package TEXT NOT NULL, test TEXT NOT NULL, run TEXT NOT NULL,
	UNIQUE (system, bug, workload, nemesis, package, test, run));
CREATE TABLE versions (
	id INTEGER PRIMARY KEY, capsize TEXT NOT NULL, go TEXT NOT NULL, runtime TEXT NOT NULL, build TEXT NOT NULL,
	UNIQUE (capsize, go, runtime, build));
CREATE TABLE signatures (
	id TEXT PRIMARY KEY, subject TEXT NOT NULL, verdict TEXT NOT NULL, checker TEXT NOT NULL, anomaly TEXT NOT NULL, shape TEXT NOT NULL,
	small_target INTEGER REFERENCES targets, small TEXT, tried INTEGER NOT NULL DEFAULT 0, tried_weight INTEGER) WITHOUT ROWID;
CREATE TABLE runs (
	target INTEGER NOT NULL REFERENCES targets, seed INTEGER NOT NULL,
	verdict TEXT NOT NULL CHECK (verdict IN ('valid', 'unknown', 'invalid', 'died')),
	signature TEXT REFERENCES signatures, reason TEXT, weight INTEGER, digest TEXT, trace TEXT, exercised TEXT,
	cpu_ns INTEGER NOT NULL, virtual_ns INTEGER NOT NULL, schedule TEXT, output TEXT, version INTEGER NOT NULL REFERENCES versions,
	PRIMARY KEY (target, seed)) WITHOUT ROWID;
CREATE INDEX failures ON runs (signature) WHERE signature IS NOT NULL;
CREATE VIEW found AS
	SELECT s.id, s.subject, s.verdict, s.checker, s.anomaly, s.shape, count(*) AS count, min(r.seed) AS first_seed
	FROM signatures s JOIN runs r ON r.signature = s.id GROUP BY s.id;
`

// An Access is how a campaign is opened.
type Access int

const (
	reading   Access = iota
	Shared           // to write, while others may read
	Exclusive        // to write, while no others may read: it needs no memory that processes share, which network file systems lack
)

// openFile opens the database of a folder and checks that it is one of ours and whole. It is made if it is to be written and there is
// none; made says so.
func openFile(dir string, access Access) (db *sql.DB, made bool, err error) {
	write := access != reading
	file := filepath.Join(dir, File)
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, os.ErrNotExist) && !write:
		return nil, false, fmt.Errorf("%w in %s: it has no %s", ErrNone, dir, File)
	case errors.Is(err, os.ErrNotExist):
		made = true
	case err != nil:
		return nil, false, fmt.Errorf("open campaign: %w", err)
	case info.Size() == 0:
		made = true
	}
	if made && !write {
		return nil, false, damaged(dir, errors.New("it is empty"))
	}
	// A commit reaches the write-ahead log, and with it outlives this process; it is synced where Add says so.
	patience := 5000 // ms that it waits for another program
	if !write {
		patience = 500 // who writes an exclusive campaign keeps it
	}
	source := fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)&_pragma=synchronous(NORMAL)&_txlock=immediate", escape(file), patience)
	_, wal := os.Stat(file + "-wal")
	switch {
	case access == Exclusive:
		source += "&_pragma=locking_mode(EXCLUSIVE)&_pragma=journal_mode(WAL)"
	case write:
		source += "&_pragma=journal_mode(WAL)"
	case canWrite(dir):
		source += "&mode=rw&_pragma=query_only(true)" // it removes what SQLite puts beside the file when it is closed
	case wal != nil:
		source += "&mode=ro&immutable=1" // no process writes it, and SQLite can't make a file of shared memory beside it
	default:
		source += "&mode=ro"
	}
	if db, err = sql.Open("sqlite", source); err != nil {
		return nil, false, wrap(dir, "open campaign", err)
	}
	db.SetMaxOpenConns(1)
	if made {
		err = create(db, dir)
	} else {
		err = check(db, dir)
	}
	if err != nil {
		_ = db.Close() // the first error says more
		return nil, false, err
	}
	return db, made, nil
}

// escape returns a path as it stands in an address of SQLite.
func escape(file string) string { return (&url.URL{Path: filepath.ToSlash(file)}).EscapedPath() }

// canWrite reports whether files can be made in a folder.
func canWrite(dir string) bool {
	f, err := os.CreateTemp(dir, ".probe")
	if err != nil {
		return false
	}
	_ = f.Close() // nothing was written
	return os.Remove(f.Name()) == nil
}

// create makes the tables.
func create(db *sql.DB, dir string) error {
	tx, err := db.Begin()
	if err != nil {
		return wrap(dir, "make campaign", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	_, err = tx.Exec(schema + fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", applicationID, schemaVersion))
	if err == nil {
		err = tx.Commit()
	}
	return wrap(dir, "make campaign", err)
}

// check returns an error if the file is damaged, no campaign, or one of another version.
func check(db *sql.DB, dir string) error {
	file := filepath.Join(dir, File)
	var id, version int
	if err := db.QueryRow("PRAGMA application_id").Scan(&id); err != nil {
		return wrap(dir, "open campaign", err)
	}
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return wrap(dir, "open campaign", err)
	}
	switch {
	case id != applicationID:
		return fmt.Errorf("open campaign: %w: %s is an SQLite file of another program", ErrVersion, file)
	case version != schemaVersion:
		return fmt.Errorf("open campaign: %w: %s has version %d of the tables, and this capsize reads version %d; use the capsize that made it, or another folder (--into)",
			ErrVersion, file, version, schemaVersion)
	}
	var answer string
	if err := db.QueryRow("PRAGMA quick_check(1)").Scan(&answer); err != nil {
		return wrap(dir, "check campaign", err)
	}
	if answer != "ok" {
		return damaged(dir, errors.New(answer))
	}
	return nil
}
