package hraft

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// LocalReads has every node answer reads from its own state machine.
	// https://aphyr.com/posts/316-jepsen-etcd-and-consul
	LocalReads Bug = 1 << iota

	// TrustState has the node that takes itself for the leader answer reads at once: without VerifyLeader, which a leader
	// that was cut off does not pass, and without Barrier. https://github.com/hashicorp/consul/issues/54
	TrustState

	// NoBarrier leaves Barrier out: a new leader answers before it has applied what its predecessor acknowledged.
	// https://github.com/weaviate/weaviate/pull/12915
	NoBarrier

	// AckEarly acknowledges a write when raft has taken it, and does not wait for the future of Apply.
	AckEarly

	// IgnoreResponse asks the future of Apply for its error and not for its response: that a swap was refused is
	// what the state machine answered, and no error of raft.
	IgnoreResponse

	// LostIsFailed takes ErrLeadershipLost for a failure. The entry may be committed by the next leader.
	// https://github.com/hashicorp/raft/pull/561
	LostIsFailed

	// ClockInApply has the state machine drop writes that are older than their client waits, by the clock of the node that applies
	// them. A node that applies late drops what the others have. https://github.com/hashicorp/nomad/pull/13725
	ClockInApply

	// RestoreMerges has Restore decode a snapshot into the state that there is: what was deleted meanwhile stays.
	// https://github.com/jgroups-extras/jgroups-raft/issues/301
	RestoreMerges
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("hraft",
	bugset.Of(LocalReads, "local-reads", "every node answers reads from its own state machine"),
	bugset.Of(TrustState, "trust-state", "who takes itself for the leader answers reads, without Barrier and VerifyLeader"),
	bugset.Of(NoBarrier, "no-barrier", "a new leader answers reads before it has applied what was acknowledged before"),
	bugset.Of(AckEarly, "ack-early", "a write is acknowledged before the future of Apply is done"),
	bugset.Of(IgnoreResponse, "ignore-response", "the response of the state machine is not looked at"),
	bugset.Of(LostIsFailed, "lost-is-failed", "ErrLeadershipLost is reported as a failure"),
	bugset.Of(ClockInApply, "clock-in-apply", "the state machine drops writes that are old by the clock of the node"),
	bugset.Of(RestoreMerges, "restore-merges", "a snapshot is decoded into the state that there is"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
