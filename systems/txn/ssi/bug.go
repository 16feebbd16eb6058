package ssi

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// ForgetReaders drops the SIREAD locks of a transaction when it commits: a conflict with a writer that is still at work, and comes after it, is
	// not seen. PostgreSQL up to 12.3 missed conflicts of that kind, and allowed write skew under SERIALIZABLE.
	// https://jepsen.io/analyses/postgresql-12.3
	ForgetReaders Bug = 1 << iota

	// VisibleOutOfOrder makes commits visible on the primary in another order than they have in the log, which is that of replicas; it
	// has read-only transactions go to replicas. Amazon RDS for PostgreSQL 17.4 showed long forks for that reason in healthy clusters, and so
	// does PostgreSQL. https://jepsen.io/analyses/amazon-rds-for-postgresql-17.4
	VisibleOutOfOrder

	// NoReadOnlyLocks has transactions that only read take no SIREAD locks, since they see a snapshot. Fekete, O'Neil and O'Neil, A Read-Only
	// Transaction Anomaly Under Snapshot Isolation (SIGMOD Record 2004), shows why they must.
	NoReadOnlyLocks

	// LockRowsOnly has a read by predicate take SIREAD locks of the rows that it saw, and not of the predicate: a row that is inserted
	// meanwhile conflicts with nothing, and write skew by phantoms is allowed. Eswaran et al., The Notions of Consistency and
	// Predicate Locks in a Database System (CACM 1976), have predicate locks for that reason.
	LockRowsOnly
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("ssi",
	bugset.Of(ForgetReaders, "forget-readers", "the SIREAD locks of a transaction are dropped when it commits"),
	bugset.Of(VisibleOutOfOrder, "visible-out-of-order", "the primary shows commits in another order than the log, which replicas follow"),
	bugset.Of(NoReadOnlyLocks, "no-read-only-locks", "transactions that only read take no SIREAD locks"),
	bugset.Of(LockRowsOnly, "lock-rows-only", "reads by predicate lock the rows that they saw, and not the predicate"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
