package primarykv

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// NoFencing has nobody look at epochs or leases: a deposed primary serves on, and
	// backups follow whoever calls, until it hears from its successor itself.
	// https://aphyr.com/posts/283-jepsen-redis
	NoFencing Bug = 1 << iota

	// PromoteAny promotes a backup whose log is behind that of those who promote it.
	// https://aphyr.com/posts/317-jepsen-elasticsearch
	PromoteAny

	// AckBeforeBackup answers a write when the primary alone has it, whatever was
	// asked for: so does a semi-synchronous MySQL after its timeout.
	// https://dev.mysql.com/doc/refman/8.4/en/replication-semisync.html
	AckBeforeBackup

	// ServeAfterLease has a primary answer reads for as long as it has not heard of
	// another, though its lease has run out.
	// https://aphyr.com/posts/322-jepsen-mongodb-stale-reads
	ServeAfterLease

	// RejoinKeepsTail has a deposed primary keep the writes that its successor does
	// not have, and append what is new behind them.
	// https://aphyr.com/posts/317-jepsen-elasticsearch
	RejoinKeepsTail
)

var bugs = bugset.New("primarykv",
	bugset.Of(NoFencing, "no-fencing", "a deposed primary continues to serve, and backups accept calls of any node"),
	bugset.Of(PromoteAny, "promote-any", "a backup is promoted however short its log is"),
	bugset.Of(AckBeforeBackup, "ack-before-backup", "a write is answered when the primary alone has it"),
	bugset.Of(ServeAfterLease, "serve-after-lease", "a primary answers reads after its lease has run out"),
	bugset.Of(RejoinKeepsTail, "rejoin-keeps-tail", "a deposed primary keeps the writes that its successor lacks"),
)

// BugNames lists the bugs by name, with what each does.
func BugNames() (names, docs []string) { return bugs.Names() }

// ParseBug returns the bugs of a comma-separated list of names.
func ParseBug(list string) (Bug, error) { return bugs.Parse(list) }

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return bugs.Text(b) }
