package etcd

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make. All are mistakes of its users: etcd itself is as it is.
type Bug uint

const (
	// SerializableReads has clients read with WithSerializable: the member answers from its own state, which a member that is cut off
	// or lags behind has no newer. https://etcd.io/docs/v3.6/learning/api_guarantees/
	SerializableReads Bug = 1 << iota

	// NoFsync sets etcd's option UnsafeNoFsync: no member syncs its log or its database. Crashes of a minority do no harm that a
	// client sees; a power cut of all members does. https://etcd.io/docs/v3.6/op-guide/configuration/
	NoFsync

	// GetThenPut has clients compare and swap with a get and a put, rather than with a transaction.
	GetThenPut

	// TimeoutIsFailure has clients report a write that timed out as one that did not happen. It may still be committed.
	TimeoutIsFailure
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("etcd",
	bugset.Of(SerializableReads, "serializable-reads", "clients read from the state of the member that they ask"),
	bugset.Of(NoFsync, "no-fsync", "members run with UnsafeNoFsync"),
	bugset.Of(GetThenPut, "get-then-put", "clients swap with a get and a put, without a transaction"),
	bugset.Of(TimeoutIsFailure, "timeout-is-failure", "clients take a write that timed out for one that did not happen"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
