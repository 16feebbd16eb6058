package txnfile

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// A record is an op of a history: a transaction that is called, or one that ended. A reader fills the same one again and again.
type record struct {
	line     int
	typ      history.Type
	typed    bool // it says which type it is of
	process  int64
	name     string // of a process that has no number
	known    bool   // it says which process it is of
	nemesis  bool
	time     int64
	timed    bool
	node     string
	f        string
	hasF     bool
	hasValue bool // it has a value, if only nil
	isNil    bool // the value is nil
	ops      []txn.Op
	pool     []int32 // the lists that ops read, by their Off and Len
	bad      error   // the value is no transaction; of an op of a client, that is an error
}

// reset empties the record for the op that begins in a line.
func (r *record) reset(line int) { *r = record{line: line, ops: r.ops[:0], pool: r.pool[:0]} }

// header reports whether the record is none of an op.
func (r *record) header() bool { return !r.typed && !r.known && !r.hasF && !r.hasValue }

// The names of operations, as files have them.
var opNames = map[string]uint8{
	"append": txn.Append, "r": txn.Read, "w": txn.Write, "insert": txn.Insert, "delete": txn.Delete, "rp": txn.ReadAll,
}

// nameOfOp returns how files write an operation.
func nameOfOp(f uint8) string {
	return [...]string{txn.Append: "append", txn.Read: "r", txn.Write: "w", txn.Insert: "insert", txn.Delete: "delete", txn.ReadAll: "rp"}[f]
}
