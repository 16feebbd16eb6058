package kafka

import (
	"github.com/capsize-go/capsize/checker/internal/shapes"
	"github.com/capsize-go/capsize/history"
)

// A decoder numbers the keys and messages of a history.
type decoder struct {
	*logs
	keyNumbers map[string]int32
	numbers    map[numbered]int32
	named      map[spelled]int32
	bad        *shapes.BadValue
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
func read(h *history.History) (*logs, *shapes.BadValue) {
	l := &decoder{logs: &logs{h: h, twice: -1}, keyNumbers: map[string]int32{}, numbers: map[numbered]int32{}, named: map[spelled]int32{}}
	for c := range h.Calls() {
		if l.add(c); l.bad != nil {
			return nil, l.bad
		}
	}
	for i := range l.calls {
		l.attribute(int32(i))
	}
	return l.logs, nil
}

// add reads one call.
func (l *decoder) add(c history.Call) {
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
func (l *decoder) attribute(i int32) {
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
func (l *decoder) key(name string) int32 {
	k, ok := l.keyNumbers[name]
	if !ok {
		k = int32(len(l.keys))
		l.keyNumbers[name] = k
		l.keys = append(l.keys, name)
	}
	return k
}

// whole returns the number of a message that is a whole number.
func (l *decoder) whole(key int32, value int64) int32 {
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
func (l *decoder) other(key int32, text string) int32 {
	at := spelled{key, text}
	m, ok := l.named[at]
	if !ok {
		m = int32(len(l.messages))
		l.named[at] = m
		l.messages = append(l.messages, message{key: key, name: text, sender: -1, placer: -1, low: -1, high: -1})
	}
	return m
}
