package txn

import (
	"math"
	"time"

	"github.com/capsize-go/capsize/history"
)

// Kinds of operations, as [Op.F] has them.
const (
	Append uint8 = iota
	Read
	Write
	Insert
	Delete
	ReadAll
)

const (
	// Nil is the value of a register that was never written, and of a read that was not answered: see [Op.Known].
	Nil = math.MinInt32
	// Never is the End of a transaction that never ended.
	Never = math.MaxInt32
)

// A History is a history of transactions in columns, which takes little memory and is quick to go through. Keys, values and
// sessions are numbers from 0; their names are beside them. Transactions stand in the order in which they began.
type History struct {
	Txns []Txn
	Ops  []Op    // of all transactions, one after the other
	Pool []int32 // the lists that were read, and pairs of key and value of reads by predicate

	Keys        []string // names of keys
	Predicates  []string // of reads by predicate, as they were spelled
	Spelled     []string // values that are no small whole numbers: value -1-i is spelled Spelled[i]
	Sessions    int      // how many there are
	Untimed     bool     // nothing is known of real time: Begin and End say nothing, and no model that needs them can be judged
	Sessionless bool     // the file has no processes: each transaction is a session of its own

	// Places has what a reader of the history needs, by transaction: where it stands in its file and when it was. It may be nil.
	Places []Place

	registers bool // there are writes of registers: a read of nothing is nil, and not an empty list
}

// A Txn is one transaction.
type Txn struct {
	First, Last int32        // its operations are Ops[First:Last]
	Session     int32        // which session it belongs to
	Process     int32        // the process that called it, as the history numbers it
	Type        history.Type // OK, Fail or Info; one that never ended is Info
	Begin, End  int32        // positions of its two ops in the history; End is Never for one that did not end, and for Info
}

// An Op is one operation of a transaction.
type Op struct {
	F     uint8
	Known bool  // of a read: it was answered
	Key   int32 // of ReadAll, the number of the predicate
	Value int32 // what was appended or written; of a read of a register, what it returned, which may be Nil
	// Off and Len are the list that was read, as Pool[Off:Off+Len]; of ReadAll, twice as many numbers as rows.
	Off, Len int32
}

// A Place says where a transaction stands in its file, and when it was.
type Place struct {
	Line               int32 // of its beginning, from 1; 0 if it is not known
	Invoked, Completed time.Duration
	Node               string
}

// OpsOf returns the operations of a transaction.
func (h *History) OpsOf(t int32) []Op { return h.Ops[h.Txns[t].First:h.Txns[t].Last] }

// List returns the list that an operation read.
func (h *History) List(o Op) []int32 { return h.Pool[o.Off : o.Off+o.Len] }
