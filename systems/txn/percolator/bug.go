package percolator

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// BlindRetry has the node carry out the writes of a transaction again, at a new timestamp, when another has overwritten
	// what it read; its reads are not repeated. TiDB 2.1.7 did so by default: lost updates and read skew.
	// https://jepsen.io/analyses/tidb-2.1.7
	BlindRetry Bug = 1 << iota

	// RollBackLive has a reader roll back the primary lock of a transaction that is alive, without a record of that; a commit
	// that finds no lock takes itself for repeated. TiKV lost such records in several ways.
	// https://github.com/tikv/tikv/issues/7364
	// https://github.com/tikv/tikv/issues/16620
	RollBackLive

	// EarlyCommitTime takes the timestamp of the commit while locks are still being placed: who reads at a later one may
	// come before the lock, and not see the write. Peng and Dabek, Percolator (OSDI 2010), §2.2, has it taken after.
	EarlyCommitTime

	// OracleGoesBack has a new leader of the oracle begin with the bound that was saved before the last, as if all below the last
	// were still to be given out, as PD did.
	// https://github.com/tikv/pd/issues/4884
	// https://github.com/tikv/pd/issues/8836
	OracleGoesBack

	// AsyncBelowReads commits without a second timestamp (see [Store]), and does not put the commit after what has been read: the
	// part of TiDB 5.0's async commit that keeps snapshots as they are. TiKV had to learn more of it.
	// https://github.com/tikv/tikv/issues/8589
	AsyncBelowReads

	// SkipOldLocks has reads ignore a lock that is older than a tenth of a second, as one that a crash has left, and return what was
	// there before it. Its transaction may have committed. Compare a read of TiKV that was stale.
	// https://github.com/tikv/tikv/issues/10570
	SkipOldLocks

	// ForwardBlindly has a reader commit a secondary lock that is older than a tenth of a second, without asking the primary
	// whether its transaction has committed. Peng and Dabek 2010, §2.2, has the primary decide.
	ForwardBlindly
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("percolator",
	bugset.Of(BlindRetry, "blind-retry", "the writes of a transaction that conflicts are carried out again, and its reads are not"),
	bugset.Of(RollBackLive, "roll-back-live", "a reader rolls back the primary lock of a live transaction and leaves no record"),
	bugset.Of(EarlyCommitTime, "early-commit-time", "the timestamp of a commit is taken before all locks are placed"),
	bugset.Of(OracleGoesBack, "oracle-goes-back", "timestamps are given out again after a failover of the oracle"),
	bugset.Of(AsyncBelowReads, "async-below-reads", "async commits are not put after what has been read"),
	bugset.Of(SkipOldLocks, "skip-old-locks", "reads ignore locks that are older than a tenth of a second"),
	bugset.Of(ForwardBlindly, "forward-blindly", "a reader commits an old secondary lock without asking the primary"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
