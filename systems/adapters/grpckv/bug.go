package grpckv

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// RetryWrites has the service config of the client retry writes that end with UNAVAILABLE, as if that said that nothing
	// was done. It is also the status of a call whose answer was lost, and the write happens twice.
	// https://github.com/grpc/proposal/blob/master/A6-client-retries.md
	RetryWrites Bug = 1 << iota

	// StaleReplica has nodes answer reads, which round_robin spreads over them, from what they have.
	StaleReplica

	// LateIsFailed takes DEADLINE_EXCEEDED for a failure. The server may have done it, or do it still.
	// https://jepsen.io/analyses/aerospike-3-99-0-3
	LateIsFailed

	// CheckThenAct has a swap release its lock between the comparison and the write: two statements that
	// only another goroutine between them shows.
	CheckThenAct

	// PooledBuffer has the codec give its buffer back to a pool when Marshal returns. The transport writes it later, and
	// meanwhile another message may be in it. https://github.com/yarpc/yarpc-go/pull/1416
	PooledBuffer
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("grpckv",
	bugset.Of(RetryWrites, "retry-writes", "the service config retries writes that end with UNAVAILABLE"),
	bugset.Of(StaleReplica, "stale-replica", "round_robin spreads reads over nodes that answer from what they have"),
	bugset.Of(LateIsFailed, "late-is-failed", "DEADLINE_EXCEEDED is reported as a failure"),
	bugset.Of(CheckThenAct, "check-then-act", "a swap releases its lock between the comparison and the write"),
	bugset.Of(PooledBuffer, "pooled-buffer", "the codec gives a buffer back to its pool before it is written"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
