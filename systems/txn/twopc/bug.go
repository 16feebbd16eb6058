package twopc

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// ForgetCommit acknowledges a commit, and tells the participants of it, before the record of the decision is on the coordinator's
	// disk: after a crash it presumes that the transaction was aborted, and one that was acknowledged is lost, in whole or in part. Greenplum
	// forgot commits that a checkpoint overtook: https://github.com/greenplum-db/gpdb/issues/12199 has the report.
	ForgetCommit Bug = 1 << iota

	// AbortAfterYes has a participant that has said yes, and hears nothing, abort by itself, as MySQL did with prepared XA transactions
	// whose client had gone: https://bugs.mysql.com/bug.php?id=12161 has the report.
	AbortAfterYes

	// UnlockEarly has a participant apply what a transaction wrote and let go of its locks when it says yes, before there is a decision:
	// others read what may be aborted. Early lock release is sound only with a dependency on the commit:
	// DeWitt et al., Implementation techniques for main memory database systems (SIGMOD 1984).
	UnlockEarly

	// UnlockReads lets go of the lock of a read as soon as it was carried out: degree 2 of Gray, Lorie, Putzolu and Traiger, Granularity of
	// Locks and Degrees of Consistency in a Shared Data Base (1976), which loses updates.
	UnlockReads

	// PresumeTooSoon answers an inquiry after a transaction that is being prepared still with "aborted", since the log does not know
	// of it. It may commit afterwards, as in Citus: https://github.com/citusdata/citus/issues/1030 has the report.
	PresumeTooSoon

	// VolatileYes says yes before what is prepared is on the participant's disk. After a crash it has nothing to commit, and the
	// coordinator's decision to commit meets a participant that knows nothing of the transaction. https://jepsen.io/analyses/nats-2.12.1.
	VolatileYes

	// ForgetLocks has a participant that restarts serve the keys of branches in doubt, without what these wrote: readers miss a
	// transaction that has committed. https://github.com/citusdata/citus/issues/3780.
	ForgetLocks
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("twopc",
	bugset.Of(ForgetCommit, "forget-commit", "a commit is acknowledged before the coordinator has it on its disk"),
	bugset.Of(AbortAfterYes, "abort-after-yes", "a participant that has said yes and hears nothing aborts by itself"),
	bugset.Of(UnlockEarly, "unlock-early", "a participant lets go of its locks when it says yes, before there is a decision"),
	bugset.Of(UnlockReads, "unlock-reads", "the lock of a read is let go when the read is done"),
	bugset.Of(PresumeTooSoon, "presume-too-soon", "a coordinator says of a transaction that it has under way that it was aborted"),
	bugset.Of(VolatileYes, "volatile-yes", "a participant says yes before what it prepared is on its disk"),
	bugset.Of(ForgetLocks, "forget-locks", "a participant that restarts serves keys that are in doubt"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
