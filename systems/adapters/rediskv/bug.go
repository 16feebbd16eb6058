package rediskv

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// Retries leaves go-redis its three retries, which is the default. A command whose answer was lost is sent again, whether or
	// not it may be done twice. https://github.com/redis/go-redis/pull/1121
	Retries Bug = 1 << iota

	// GetThenSet swaps by GET, a comparison, and SET. https://redis.io/docs/latest/develop/using-commands/transactions/
	GetThenSet

	// WatchElsewhere sends WATCH, MULTI and EXEC to the pool as commands like others. The transaction may have another connection
	// than what it watches, which Redis then does not watch for it.
	WatchElsewhere

	// LateIsFailed takes a timeout for a failure. Redis may have done it, or do it still.
	LateIsFailed
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("rediskv",
	bugset.Of(Retries, "retries", "commands that write are tried again, as go-redis does by default"),
	bugset.Of(GetThenSet, "get-then-set", "a swap is GET, a comparison, and SET"),
	bugset.Of(WatchElsewhere, "watch-elsewhere", "WATCH goes to one connection of the pool, and the transaction to another"),
	bugset.Of(LateIsFailed, "late-is-failed", "a timeout is reported as a failure"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
