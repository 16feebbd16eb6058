package txn

// A Model is a consistency model of transactions, by its name in this package: "serializable".
type Model string

// The models, the weakest first. [Model.Implies] says what follows from what.
const (
	ReadUncommitted           Model = "read-uncommitted"
	ReadCommitted             Model = "read-committed"
	CursorStability           Model = "cursor-stability"
	UpdateAtomic              Model = "update-atomic"
	MonotonicAtomicView       Model = "monotonic-atomic-view"
	ReadAtomic                Model = "read-atomic"
	Causal                    Model = "causal"
	ConsistentView            Model = "consistent-view"
	ParallelSnapshotIsolation Model = "parallel-snapshot-isolation"
	Prefix                    Model = "prefix"
	SnapshotIsolation         Model = "snapshot-isolation"
	RepeatableRead            Model = "repeatable-read"
	Serializable              Model = "serializable"

	StrongSessionSnapshotIsolation Model = "strong-session-snapshot-isolation"
	StrongSnapshotIsolation        Model = "strong-snapshot-isolation"
	StrongSessionSerializable      Model = "strong-session-serializable"
	StrictSerializable             Model = "strict-serializable"
)
