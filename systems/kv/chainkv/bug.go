package chainkv

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// DirtyReads makes every node of the chain answer with the newest version that it has,
	// though the tail may not have it yet: two reads, one after the other at two nodes, may see
	// the new value and then the old one. In Terrace and Freedman 2009, §2.3, the node queries the tail.
	// https://aphyr.com/posts/331-jepsen-voltdb-6-3
	DirtyReads Bug = 1 << iota

	// NoLease makes a node answer reads until it learns that it is no longer in
	// the chain: so does the old tail behind a partition.
	// https://aphyr.com/posts/322-jepsen-mongodb-stale-reads
	NoLease

	// AckBeforeTail makes the head answer a write as soon as it has it itself.
	// https://aphyr.com/posts/283-jepsen-redis
	AckBeforeTail

	// LosePending makes a new head drop the writes that it does not know to be
	// committed, instead of sending them down again: van Renesse and Schneider 2004, §3.3, call
	// them Sent. https://aphyr.com/posts/317-jepsen-elasticsearch
	LosePending

	// AnyHead makes any node that promised the head: one that has
	// restarted with an old state, or with none, hands that down.
	// https://jepsen.io/analyses/redis-raft-1b3fbf6
	AnyHead

	// AckBeforeSync acknowledges what is not yet on the disk.
	// https://jepsen.io/analyses/nats-2.12.1
	AckBeforeSync
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("chainkv",
	bugset.Of(DirtyReads, "dirty-reads", "a node answers with the newest version that it has, committed or not"),
	bugset.Of(NoLease, "no-lease", "a node answers reads until it learns that another chain has been formed"),
	bugset.Of(AckBeforeTail, "ack-before-tail", "the head answers a write when it alone has it"),
	bugset.Of(LosePending, "lose-pending", "a new head drops the writes that it does not know to be committed"),
	bugset.Of(AnyHead, "any-head", "a new chain may begin with any node, whatever writes it has"),
	bugset.Of(AckBeforeSync, "ack-before-sync", "writes are acknowledged before they are on the disk"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
