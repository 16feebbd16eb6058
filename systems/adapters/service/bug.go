package service

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Service] to make.
type Bug uint

const (
	// NoKey has clients send a POST without an idempotency key. A proxy that had no answer sends it again, and the database does it twice:
	// between the two another client may have written. https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2
	NoKey Bug = 1 << iota

	// NormalSync opens the database with synchronous=NORMAL, which with a write-ahead log syncs at checkpoints only: a power cut
	// takes the last commits. https://www.sqlite.org/wal.html#performance_considerations
	NormalSync

	// NoSync opens the database with synchronous=OFF: it never syncs.
	NoSync
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("service",
	bugset.Of(NoKey, "no-key", "a proxy repeats a POST that has no idempotency key"),
	bugset.Of(NormalSync, "normal-sync", "SQLite runs with a write-ahead log and synchronous=NORMAL"),
	bugset.Of(NoSync, "no-sync", "SQLite runs with synchronous=OFF"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
