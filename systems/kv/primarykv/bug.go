package primarykv

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// NoFencing turns the checks of epochs and leases off: a deposed primary keeps serving, and
	// backups follow any primary that sends to them, until it hears from its successor itself.
	// https://aphyr.com/posts/283-jepsen-redis
	NoFencing Bug = 1 << iota

	// PromoteAny promotes a backup whose log is behind that of those who promote it.
	// https://aphyr.com/posts/317-jepsen-elasticsearch
	PromoteAny

	// AckBeforeBackup answers a write when the primary alone has it, in any mode of
	// replication: so does a semi-synchronous MySQL after its timeout.
	// https://dev.mysql.com/doc/refman/8.4/en/replication-semisync.html
	AckBeforeBackup

	// ServeAfterLease makes a primary answer reads until it hears of
	// another, though its lease has expired.
	// https://aphyr.com/posts/322-jepsen-mongodb-stale-reads
	ServeAfterLease

	// RejoinKeepsTail makes a deposed primary keep the writes that its successor does
	// not have, and append new ones behind them.
	// https://aphyr.com/posts/317-jepsen-elasticsearch
	RejoinKeepsTail
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("primarykv",
	bugset.Of(NoFencing, "no-fencing", "a deposed primary continues to serve, and backups accept calls of any node"),
	bugset.Of(PromoteAny, "promote-any", "a backup is promoted however short its log is"),
	bugset.Of(AckBeforeBackup, "ack-before-backup", "a write is answered when the primary alone has it"),
	bugset.Of(ServeAfterLease, "serve-after-lease", "a primary answers reads after its lease has run out"),
	bugset.Of(RejoinKeepsTail, "rejoin-keeps-tail", "a deposed primary keeps the writes that its successor lacks"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
