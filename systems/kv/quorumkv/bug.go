package quorumkv

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// DropHints has a node that stands in for another acknowledge what it is to hand over,
	// and forget it. Cassandra flushes hints every ten seconds, and drops them after three hours,
	// though a write at consistency ANY may rest on them alone.
	// https://docs.datastax.com/en/cassandra/3.0/cassandra/operations/opsRepairNodesHintedHandoff.html
	DropHints Bug = 1 << iota

	// AckBeforeSync acknowledges what is not yet on the disk, and syncs once a second.
	// https://jepsen.io/analyses/nats-2.12.1
	AckBeforeSync

	// ReuseDots has a node count its writes from what it holds of the key, under the same
	// name in every life. One that holds nothing of it, or has forgotten, counts from 1
	// again: others take the write for one that they have seen replaced.
	// https://github.com/basho/riak_kv/issues/679
	ReuseDots

	// PlainVectors has a write claim to have seen all earlier ones of its coordinator, as a
	// plain version vector does. Of two clients of one node who write at the same time, one
	// replaces what it never saw.
	// https://arxiv.org/abs/1011.5808
	PlainVectors

	// TimeoutIsFailure has a coordinator that waited in vain for acknowledgements say that
	// the write did not happen, though some replicas have it.
	// https://jepsen.io/analyses/aerospike-3-99-0-3
	TimeoutIsFailure

	// ReapTombstones forgets a deleted key at once, and with it that there was anything to
	// delete. A replica that missed the delete gives the key back to the others, as a zombie: what
	// Cassandra's gc_grace_seconds and Riak's delete_mode are to prevent.
	// https://cassandra.apache.org/doc/latest/cassandra/managing/operating/compaction/tombstones.html
	ReapTombstones

	// CoarseRanges has anti-entropy compare a range of the circle with the homes of its
	// end alone, though the homes change within it.
	// https://github.com/scylladb/scylladb/pull/31395
	CoarseRanges
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("quorumkv",
	bugset.Of(DropHints, "drop-hints", "a node that stands in for another acknowledges writes, and never hands them over"),
	bugset.Of(AckBeforeSync, "ack-before-sync", "writes are acknowledged before they are on the disk"),
	bugset.Of(ReuseDots, "reuse-dots", "a node that lost its counter gives new writes the dots of old ones"),
	bugset.Of(PlainVectors, "plain-vectors", "a write replaces all earlier ones of its coordinator, seen or not"),
	bugset.Of(TimeoutIsFailure, "timeout-is-failure", "a write that too few replicas acknowledged is reported as failed"),
	bugset.Of(ReapTombstones, "reap-tombstones", "a deleted key is forgotten before all replicas know of it"),
	bugset.Of(CoarseRanges, "coarse-ranges", "anti-entropy compares a range with the homes of its end alone"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
