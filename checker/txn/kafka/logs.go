package kafka

import (
	"github.com/capsize-go/capsize/history"
)

// unplaced is the offset of a message of which no offset is known.
const unplaced = -1

// A deed is that a call sent a message, or received one.
type deed struct {
	message int32
	offset  int64 // or unplaced
}

// A call is a completed or pending call that says something of logs.
type call struct {
	invoke, end int // indexes of its ops; end is -1 if it never completed
	process     int
	typ         history.Type // OK, Fail or Info; a pending one is Info

	sends, polls []deed  // of a transaction, in their order
	assigns      bool    // it subscribes to logs, or is assigned them
	groups       bool    // it subscribes
	keys         []int32 // the logs that it subscribes to or is assigned
	rebalanced   []int32 // of a transaction: logs that it was given or lost while it ran
}

// A message is one value of one log, and what is known of it.
type message struct {
	key    int32
	number int64  // its value, if that is a whole number
	name   string // its value in EDN, if it is not

	sender    int32 // the call that sent it, not a failed one if there is one that is not; -1 if none did
	received  bool  // an OK call polled it
	placer    int32 // the first call that says at which offset it is; -1 if none does
	places    int32 // at how many offsets it was seen
	low, high int32 // its first and last position in its log, counted in offsets that hold messages; -1 if it has none
}

// The logs are a history with its keys and messages as numbers.
type logs struct {
	h        *history.History
	calls    []call // in the order of their invocations
	keys     []string
	messages []message
	order    [][]slot // by key: offsets that hold messages, in order

	firstReader []int32 // by message; see reader

	sentTwice [2]int32 // calls that sent the same message
	twice     int32    // that message; -1 if there is none
}

// committed reports whether a call certainly took effect: it is OK, or it is indeterminate and an OK call polled a message of it.
func (l *logs) committed(i int32) bool {
	c := &l.calls[i]
	if c.typ != history.Info {
		return c.typ == history.OK
	}
	for _, d := range c.sends {
		if m := l.messages[d.message]; m.received && m.sender == i {
			return true
		}
	}
	return false
}
