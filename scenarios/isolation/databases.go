package isolation

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/systems/txn/calvin"
	"github.com/capsize-go/capsize/systems/txn/galera"
	"github.com/capsize-go/capsize/systems/txn/hlc"
	"github.com/capsize-go/capsize/systems/txn/percolator"
	"github.com/capsize-go/capsize/systems/txn/psi"
	"github.com/capsize-go/capsize/systems/txn/retryclient"
	"github.com/capsize-go/capsize/systems/txn/ssi"
	"github.com/capsize-go/capsize/systems/txn/twopc"
)

// databases are the variants of isolation: each database as it should be, followed by one with a mistake that a real one made.
var databases = []database{
	on(twopc.Store{}, "twopc", txn.StrictSerializable, "two-phase locking and two-phase commit over partitions"),
	mistake(twopc.Store{Bugs: twopc.UnlockReads}, "twopc-unlock-reads", txn.StrictSerializable, "the same, and the lock of a read is let go when the read is done"),
	mistake(retryclient.Store{Retries: retryclient.RetryUnknown}, "twopc-retry-unknown", txn.StrictSerializable, "the same, and clients send transactions again whose outcome they do not know"),
	on(calvin.Store{}, "calvin", txn.StrictSerializable, "a log of transactions, which every replica carries out in its order"),
	mistake(calvin.Store{Bugs: calvin.LocalReads}, "calvin-local-reads", txn.StrictSerializable, "the same, and a replica answers reads before it has applied the log"),
	on(ssi.Store{}, "ssi", txn.StrictSerializable, "serializable snapshot isolation on a primary, as PostgreSQL has it"),
	mistake(ssi.Store{Bugs: ssi.ForgetReaders}, "ssi-forget-readers", txn.StrictSerializable, "the same, and what a transaction has read is forgotten when it commits"),
	on(ssi.Store{Reads: ssi.AtReplica}, "ssi-replicas", txn.SnapshotIsolation, "the same as ssi, and transactions that only read are answered by replicas"),
	mistake(ssi.Store{Reads: ssi.AtReplica, Bugs: ssi.VisibleOutOfOrder}, "ssi-out-of-order", txn.SnapshotIsolation, "the same, and the primary shows commits in another order than the log, which replicas follow"),
	on(hlc.Store{}, "hlc", txn.PerKeyStrictSerializable, "versions under timestamps of hybrid clocks, as CockroachDB has them"),
	mistake(hlc.Store{Bugs: hlc.NoUncertainty}, "hlc-no-uncertainty", txn.PerKeyStrictSerializable, "the same, and a read does not see what a faster clock wrote before it began"),
	on(percolator.Store{}, "percolator", txn.StrongSnapshotIsolation, "locks in rows, and an oracle for timestamps, as TiDB has them"),
	on(percolator.Store{AsyncCommit: true}, "percolator-async", txn.StrongSnapshotIsolation, "the same, and a transaction has committed when all its locks are placed"),
	mistake(percolator.Store{Bugs: percolator.BlindRetry}, "percolator-blind-retry", txn.StrongSnapshotIsolation, "the same as percolator, and the writes of a transaction that conflicts are carried out again, without its reads"),
	on(galera.Store{}, "galera", txn.StrongSessionSnapshotIsolation, "every node takes transactions, and certifies all of them in one order, as Galera Cluster does"),
	mistake(galera.Store{Bugs: galera.CertifyAtOrigin}, "galera-certify-at-origin", txn.StrongSessionSnapshotIsolation, "the same, and a transaction is certified against what its node has applied"),
	on(psi.Store{}, "psi", txn.ParallelSnapshotIsolation, "sites that commit on their own and tell each other later, as Walter does"),
	mistake(psi.Store{Bugs: psi.NoConflictCheck}, "psi-no-conflict-check", txn.ParallelSnapshotIsolation, "the same, and a site does not look at what others commit on the same keys"),
}
