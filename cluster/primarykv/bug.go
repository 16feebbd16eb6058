package primarykv

import (
	"fmt"
	"strings"
)

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

var bugs = []struct {
	bug  Bug
	name string
	doc  string
}{
	{NoFencing, "no-fencing", "a deposed primary serves on, and backups follow whoever calls"},
	{PromoteAny, "promote-any", "a backup is promoted however short its log is"},
	{AckBeforeBackup, "ack-before-backup", "a write is answered when the primary alone has it"},
	{ServeAfterLease, "serve-after-lease", "a primary answers reads after its lease has run out"},
	{RejoinKeepsTail, "rejoin-keeps-tail", "a deposed primary keeps the writes that its successor lacks"},
}

// BugNames lists the bugs by name, with what each does.
func BugNames() (names, docs []string) {
	for _, b := range bugs {
		names, docs = append(names, b.name), append(docs, b.doc)
	}
	return names, docs
}

// ParseBug returns the bugs of a comma-separated list of names.
func ParseBug(list string) (Bug, error) {
	var all Bug
	for name := range strings.SplitSeq(list, ",") {
		if name == "" || name == "none" {
			continue
		}
		bug, err := parseOne(name)
		if err != nil {
			return 0, err
		}
		all |= bug
	}
	return all, nil
}

func parseOne(name string) (Bug, error) {
	for _, b := range bugs {
		if b.name == name {
			return b.bug, nil
		}
	}
	names, _ := BugNames()
	return 0, fmt.Errorf("primarykv has no bug %q; it has %s", name, strings.Join(names, ", "))
}

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string {
	var names []string
	for _, x := range bugs {
		if b&x.bug != 0 {
			names = append(names, x.name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ",")
}
