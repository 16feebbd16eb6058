package galera

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// CertifyAtOrigin checks a write set only where it comes from, against what that node has applied, and not again in the total order: of two that
	// are on their way at once, both commit. MariaDB Galera Cluster 12.1.2 to 12.2.2 lost updates in healthy
	// clusters. https://jepsen.io/blog/2026-03-16-mariadb-galera-cluster-12.1.2
	CertifyAtOrigin Bug = 1 << iota

	// AckWhenOrdered acknowledges a transaction when its write set has its place in the order, before the client's own node has applied
	// it: the next transaction of the session may miss it. Stale reads of the same analysis, here of one's own writes.
	// https://jepsen.io/blog/2026-03-16-mariadb-galera-cluster-12.1.2
	AckWhenOrdered

	// AckBeforeSync acknowledges what is on no disk yet, as innodb_flush_log_at_trx_commit=0 does, which the documentation of Galera
	// recommends: nodes that crash together lose it. https://jepsen.io/blog/2026-03-16-mariadb-galera-cluster-12.1.2
	AckBeforeSync

	// SnapshotAtCommit certifies a write set from the moment of its commit on, and not from that of its first read: what was applied in between
	// is overwritten. Kemme and Alonso, A New Approach to Developing and Implementing Eager Database Replication Protocols
	// (TODS 2000), §5, aborts the reader in that case, and so does Galera, which calls it brute force.
	SnapshotAtCommit
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("galera",
	bugset.Of(CertifyAtOrigin, "certify-at-origin", "a write set is certified against what its node has applied, and not in the total order"),
	bugset.Of(AckWhenOrdered, "ack-when-ordered", "a commit is acknowledged before the client's node has applied it"),
	bugset.Of(AckBeforeSync, "ack-before-sync", "a commit is acknowledged before it is on any disk"),
	bugset.Of(SnapshotAtCommit, "snapshot-at-commit", "a write set is certified from its commit on, and not from its first read"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
