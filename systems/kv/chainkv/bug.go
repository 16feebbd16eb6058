package chainkv

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// DirtyReads has every node of the chain answer with the newest version that it has,
	// though the tail may not have it yet: two reads, one after the other at two nodes, may see
	// the new value and then the old one. Terrace and Freedman 2009, §2.3, has the node ask the tail.
	// https://aphyr.com/posts/331-jepsen-voltdb-6-3
	DirtyReads Bug = 1 << iota

	// NoLease has a node answer reads for as long as it has not heard that it is not of
	// the chain any more: so does the old tail behind a partition.
	// https://aphyr.com/posts/322-jepsen-mongodb-stale-reads
	NoLease

	// AckBeforeTail has the head answer a write as soon as it has it itself.
	// https://aphyr.com/posts/283-jepsen-redis
	AckBeforeTail

	// LosePending has a new head forget those writes of which it has not heard that they
	// are committed, instead of sending them down again: van Renesse and Schneider 2004, §3.3, call
	// them Sent. https://aphyr.com/posts/317-jepsen-elasticsearch
	LosePending

	// AnyHead makes one of those who promised the head, whatever it has: a node that has
	// just come back with an old state, or with none, hands that down.
	// https://jepsen.io/analyses/redis-raft-1b3fbf6
	AnyHead

	// AckBeforeSync acknowledges what is not yet on the disk.
	// https://jepsen.io/analyses/nats-2.12.1
	AckBeforeSync
)

var bugs = bugset.New("chainkv",
	bugset.Of(DirtyReads, "dirty-reads", "a node answers with the newest version that it has, committed or not"),
	bugset.Of(NoLease, "no-lease", "a node answers reads until it learns that another chain has been formed"),
	bugset.Of(AckBeforeTail, "ack-before-tail", "the head answers a write when it alone has it"),
	bugset.Of(LosePending, "lose-pending", "a new head drops the writes that it does not know to be committed"),
	bugset.Of(AnyHead, "any-head", "a new chain may begin with any node, whatever writes it has"),
	bugset.Of(AckBeforeSync, "ack-before-sync", "writes are acknowledged before they are on the disk"),
)

// BugNames lists the bugs by name, with what each does.
func BugNames() (names, docs []string) { return bugs.Names() }

// ParseBug returns the bugs of a comma-separated list of names.
func ParseBug(list string) (Bug, error) { return bugs.Parse(list) }

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return bugs.Text(b) }
