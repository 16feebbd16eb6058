package crdtkv

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// DoubleGossip has counters add what they are sent, instead of taking the greater
	// number: what arrives twice counts twice. https://aphyr.com/posts/294-jepsen-cassandra
	DoubleGossip Bug = 1 << iota

	// RemoveWins has a remove take away all adds of an element that a node has, also those
	// that the remove had not seen. https://github.com/akka/akka-core/pull/22668
	RemoveWins

	// ForgetRemoved has a node forget that it has seen what is not there any more, as if
	// tombstones were collected too early: what others still send brings it back.
	// https://github.com/basho/riak_dt/pull/78
	ForgetRemoved

	// ReuseIDs has a node be the same replica in all its lives, and count its dots from the
	// beginning in each: others take what is new for what they have seen.
	// https://github.com/basho/riak_kv/issues/679
	ReuseIDs

	// SkipDeltas takes what was sent for what was heard: what the network loses is never
	// sent again. Almeida, Shoker and Baquero 2018 have acknowledgements in algorithm 2.
	// https://github.com/akka/akka-core/issues/22188
	SkipDeltas

	// AckBeforeSync acknowledges what is not yet on the disk.
	// https://jepsen.io/analyses/nats-2.12.1
	AckBeforeSync
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("crdtkv",
	bugset.Of(DoubleGossip, "double-gossip", "counters add what they are sent, instead of taking the greater"),
	bugset.Of(RemoveWins, "remove-wins", "a remove takes away adds that it has not seen"),
	bugset.Of(ForgetRemoved, "forget-removed", "a node forgets that it has seen what was removed"),
	bugset.Of(ReuseIDs, "reuse-ids", "a node is the same replica in each life, and counts from the beginning"),
	bugset.Of(SkipDeltas, "skip-deltas", "a delta that was sent is taken for received, and never sent again"),
	bugset.Of(AckBeforeSync, "ack-before-sync", "operations are acknowledged before they are on the disk"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
