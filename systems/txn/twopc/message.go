package twopc

import (
	"cmp"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/model"
)

// A request asks the coordinator for a transaction. The network may duplicate it and deliver the copy much later. The node recognises the
// copy by its number, and, if it has restarted meanwhile, by the life that it was sent to.
type request struct {
	life            uint64 // of the node
	session, number uint64
	ops             model.Txn
}

// A response answers a request.
type response struct {
	status outcome
	ops    model.Txn // what the reads returned
	why    string    // it was aborted
	life   uint64    // of the node
}

// An outcome is how a transaction ended.
type outcome uint8

const (
	open outcome = iota // as an answer to a client: it was meant for another life of the node
	committed
	aborted
)

// An id identifies a transaction: the node that coordinates it, which life of that, and the how-manieth transaction in it.
type id struct {
	node string
	life uint64
	seq  uint64
}

func (i id) String() string { return fmt.Sprintf("%s-%d", i.node, i.seq) }

// An age orders transactions by when they began, by the clocks of their coordinators.
type age struct {
	at time.Duration
	id id
}

// olderThan reports whether a transaction is older than another.
func (a age) olderThan(b age) bool {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id.node, b.id.node), cmp.Compare(a.id.seq, b.id.seq)) < 0
}

// The messages between nodes. A life is that of the participant, as the coordinator has it from the first answer; 0 before that.
type (
	// execute asks the node of a key to carry out an operation.
	execute struct {
		age  age
		life uint64
		step int // which operation of the transaction it is, from 0
		op   model.TxnOp
	}
	// executed answers it.
	executed struct {
		id      id
		life    uint64
		step    int
		op      model.TxnOp // with what was read
		refused string      // why it was not carried out
	}
	// prepare asks a participant to promise that it will commit if it is asked to.
	prepare struct {
		id           id
		life         uint64
		participants []string
	}
	// vote answers it.
	vote struct {
		id     id
		yes    bool
		writes bool // whether the participant has written anything, so that it must hear of the decision
	}
	// decision tells a participant what the outcome is.
	decision struct {
		id      id
		outcome outcome
	}
	// done says that a participant has carried out a commit.
	done struct{ id id }
	// inquiry asks the coordinator or another participant for the outcome.
	inquiry struct{ id id }
)
