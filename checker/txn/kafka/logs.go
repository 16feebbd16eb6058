package kafka

import (
	"github.com/capsize-go/capsize/checker/internal/shapes"
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

	keyNumbers map[string]int32
	numbers    map[numbered]int32
	named      map[spelled]int32
	bad        *shapes.BadValue
	sentTwice  [2]int32 // calls that sent the same message
	twice      int32    // that message; -1 if there is none
}

type numbered struct {
	key   int32
	value int64
}

type spelled struct {
	key   int32
	value string
}

// read returns the history with its keys and messages as numbers.
func read(h *history.History) *logs {
	l := &logs{h: h, keyNumbers: map[string]int32{}, numbers: map[numbered]int32{}, named: map[spelled]int32{}, twice: -1}
	for c := range h.Calls() {
		if l.add(c); l.bad != nil {
			return l
		}
	}
	for i := range l.calls {
		l.attribute(int32(i))
	}
	return l
}

// add reads one call.
func (l *logs) add(c history.Call) {
	n := call{invoke: c.Invoke.Index, end: c.Complete.Index, process: c.Invoke.Process, typ: c.Complete.Type}
	relevant, err := l.readInput(&n, c.Invoke.Input)
	if err != nil {
		l.bad = badInput(c.Invoke, err)
		return
	}
	if !relevant {
		return
	}
	if c.Complete.Output != nil {
		asked := n
		n.sends, n.polls = nil, nil
		if err := l.readOutput(&n, c.Complete.Output); err != nil {
			if n.typ == history.OK {
				l.bad = badOutput(c, err)
				return
			}
			n = asked // what did not succeed may be answered anything
		}
		if len(n.sends) == 0 {
			n.sends = asked.sends
		}
	}
	l.calls = append(l.calls, n)
}

// attribute says of the messages of a call that it sent or received them.
func (l *logs) attribute(i int32) {
	c := &l.calls[i]
	for _, d := range c.sends {
		m := &l.messages[d.message]
		switch {
		case m.sender < 0 || l.calls[m.sender].typ == history.Fail:
			m.sender = i
		case c.typ != history.Fail && l.twice < 0:
			l.twice, l.sentTwice = d.message, [2]int32{m.sender, i}
		}
	}
	if c.typ != history.OK {
		return
	}
	for _, d := range c.polls {
		l.messages[d.message].received = true
	}
}

// key returns the number of a log.
func (l *logs) key(name string) int32 {
	k, ok := l.keyNumbers[name]
	if !ok {
		k = int32(len(l.keys))
		l.keyNumbers[name] = k
		l.keys = append(l.keys, name)
	}
	return k
}

// whole returns the number of a message that is a whole number.
func (l *logs) whole(key int32, value int64) int32 {
	at := numbered{key, value}
	m, ok := l.numbers[at]
	if !ok {
		m = int32(len(l.messages))
		l.numbers[at] = m
		l.messages = append(l.messages, message{key: key, number: value, sender: -1, placer: -1, low: -1, high: -1})
	}
	return m
}

// other returns the number of a message that is something else, by its text.
func (l *logs) other(key int32, text string) int32 {
	at := spelled{key, text}
	m, ok := l.named[at]
	if !ok {
		m = int32(len(l.messages))
		l.named[at] = m
		l.messages = append(l.messages, message{key: key, name: text, sender: -1, placer: -1, low: -1, high: -1})
	}
	return m
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
