package raftkv

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// LocalReads has each node answer reads from its own state without asking
	// anybody: etcd and Consul did so in 2014.
	// https://aphyr.com/posts/316-jepsen-etcd-and-consul
	LocalReads Bug = 1 << iota

	// LeaseReads has the leader answer reads without a round trip for as long as
	// it believes in its lease, which the library measures in its own ticks: a
	// leader that was cut off can believe longer than the others wait.
	// https://github.com/etcd-io/raft/issues/166
	LeaseReads

	// NoDedup applies a retried request again.
	// https://jepsen.io/analyses/mongodb-4.2.6
	NoDedup

	// AckBeforeSync acknowledges entries and votes that are not yet on the disk,
	// and syncs once a second.
	// https://jepsen.io/analyses/nats-2.12.1
	AckBeforeSync

	// VolatileVote keeps term and vote in memory only: a node that restarts
	// can vote twice in a term, and follows leaders of earlier terms.
	// https://github.com/camunda/camunda/issues/5356
	VolatileVote

	// NoPrefixCheck makes a follower append entries without a check of those before them.
	// https://github.com/ktoso/akka-raft/issues/32
	NoPrefixCheck

	// StaleVote makes a node vote for the first candidate, however old the log of
	// that is.
	// https://github.com/jgroups-extras/jgroups-raft/issues/14
	StaleVote

	// ForgetSessions leaves the sessions out of snapshots, so that a node that
	// boots from one, or was sent one, applies retries again: Ongaro 2014, §6.3.
	// https://github.com/ongardie/dissertation
	ForgetSessions

	// CorruptEntries believes the disk: it looks at no checksum.
	// https://www.usenix.org/conference/fast18/presentation/alagappan
	CorruptEntries

	// NoPreVote makes a node that receives nothing start an election at once, and all
	// others follow the higher term: one that sends and does not receive deposes
	// every leader, again and again.
	// https://blog.cloudflare.com/a-byzantine-failure-in-the-real-world/
	NoPreVote

	// UnsafeMembers changes all members in one step, and has each node go by the new
	// ones as soon as it hears of them: an old and a new majority need have no node in
	// common. Ongaro 2014, §4.1 and §4.3, and Schultz et al., Design and Analysis of a
	// Logless Dynamic Reconfiguration Protocol (2021), on what MongoDB did before.
	// https://arxiv.org/abs/2102.11960
	UnsafeMembers
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("raftkv",
	bugset.Of(LocalReads, "local-reads", "every node answers reads from its own state"),
	bugset.Of(LeaseReads, "lease-reads", "the leader answers reads by a lease that outlives its leadership"),
	bugset.Of(NoDedup, "no-dedup", "a request that a client sent again is applied again"),
	bugset.Of(AckBeforeSync, "ack-before-sync", "entries are acknowledged before they are on the disk"),
	bugset.Of(VolatileVote, "volatile-vote", "term and vote are not written to the disk"),
	bugset.Of(NoPrefixCheck, "no-prefix-check", "a follower appends entries without a check that its log matches before them"),
	bugset.Of(StaleVote, "stale-vote", "a node votes for a candidate whose log is behind its own"),
	bugset.Of(ForgetSessions, "forget-sessions", "snapshots hold no sessions, so retries are applied again"),
	bugset.Of(CorruptEntries, "corrupt-entries", "records of the log are not checked for damage"),
	bugset.Of(NoPreVote, "no-pre-vote", "a node that receives nothing deposes the leader, again and again"),
	bugset.Of(UnsafeMembers, "unsafe-members", "all members change in one step, and not by joint consensus"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
