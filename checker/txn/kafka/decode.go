package kafka

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/capsize-go/capsize/checker/internal/shapes"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/internal/sorting"
)

// transaction reports whether F asks for a transaction. Files of elle-cli may lack it.
func transaction(f string) bool { return f == "txn" || f == Send || f == Poll || f == "" }

// readInput reads what a call asked. It is false for what says nothing of logs.
func (l *decoder) readInput(c *call, in any) (relevant bool, err error) {
	switch v := in.(type) {
	case Request:
		return l.readRequest(c, v)
	case *Request:
		return l.readRequest(c, *v)
	case history.JepsenOp:
		return l.readJepsen(c, v)
	}
	if j, ok := history.AsJepsen(in); ok {
		if _, ours := j.Value.(edn.Map); !ours {
			return l.readJepsen(c, j)
		}
	}
	var r Request
	if err := remake(in, &r); err != nil {
		return false, err
	}
	return l.readRequest(c, r)
}

// readOutput reads what a call was answered.
func (l *decoder) readOutput(c *call, out any) error {
	switch v := out.(type) {
	case Reply:
		return l.readReply(c, v)
	case *Reply:
		return l.readReply(c, *v)
	case history.JepsenOp:
		return l.readJepsenReply(c, v)
	}
	if j, ok := history.AsJepsen(out); ok {
		return l.readJepsenReply(c, j)
	}
	var r Reply
	if err := remake(out, &r); err != nil {
		return err
	}
	return l.readReply(c, r)
}

// remake makes a value of one of our types of one that was read without its type.
func remake(from, to any) error {
	b, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(b, to)
	}
	if err != nil {
		return fmt.Errorf("%s is no request to logs: %w", clip(fmt.Sprint(from)), err)
	}
	return nil
}

func (l *decoder) readRequest(c *call, r Request) (bool, error) {
	switch {
	case r.F == Subscribe || r.F == Assign:
		c.assigns, c.groups = true, r.F == Subscribe
		for _, k := range r.Keys {
			c.keys = append(c.keys, l.key(k))
		}
		return true, nil
	case !transaction(r.F):
		return false, nil
	}
	return true, l.readOps(c, r.Ops)
}

func (l *decoder) readReply(c *call, r Reply) error {
	for _, k := range r.Rebalanced {
		c.rebalanced = append(c.rebalanced, l.key(k))
	}
	return l.readOps(c, r.Ops)
}

func (l *decoder) readOps(c *call, ops []LogOp) error {
	for _, o := range ops {
		switch {
		case o.F == Send && o.Known && o.Offset < 0:
			return fmt.Errorf("%s has an offset below 0", clip(o.String()))
		case o.F == Send:
			d := deed{l.whole(l.key(o.Key), int64(o.Value)), unplaced}
			if o.Known {
				d.offset = o.Offset
			}
			c.sends = append(c.sends, d)
		case o.F == Poll:
			for _, key := range sorting.Keys(o.Polled) {
				for _, m := range o.Polled[key] {
					if m.Offset < 0 {
						return fmt.Errorf("%s has an offset below 0", clip(o.String()))
					}
					c.polls = append(c.polls, deed{l.whole(l.key(key), int64(m.Value)), m.Offset})
				}
			}
		default:
			return fmt.Errorf("an operation is %q, which is neither send nor poll", clip(o.F))
		}
	}
	return nil
}

// readJepsen reads an invocation that Jepsen recorded.
func (l *decoder) readJepsen(c *call, j history.JepsenOp) (bool, error) {
	if j.F == Subscribe || j.F == Assign {
		keys, ok := sequence(j.Value)
		if !ok && j.Value != nil {
			return false, fmt.Errorf("%s is no list of keys", spell(j.Value))
		}
		c.assigns, c.groups = true, j.F == Subscribe
		for _, k := range keys {
			c.keys = append(c.keys, l.key(nameOf(k)))
		}
		return true, nil
	}
	if !transaction(j.F) {
		return false, nil
	}
	return true, l.readSteps(c, j.Value)
}

// readJepsenReply reads a completion that Jepsen recorded.
func (l *decoder) readJepsenReply(c *call, j history.JepsenOp) error {
	if c.assigns || j.Value == nil {
		return nil
	}
	if rebalances, ok := j.More.Get(edn.Keyword("rebalance-log")); ok {
		all, _ := sequence(rebalances)
		for _, r := range all {
			m, _ := r.(edn.Map)
			keys, _ := m.Get(edn.Keyword("keys"))
			names, _ := sequence(keys)
			for _, k := range names {
				c.rebalanced = append(c.rebalanced, l.key(nameOf(k)))
			}
		}
	}
	return l.readSteps(c, j.Value)
}

// readSteps reads the operations of a transaction as Jepsen writes them: [:send k v], [:send k [offset v]], [:poll] and
// [:poll {k [[offset v] …]}].
func (l *decoder) readSteps(c *call, v any) error {
	steps, ok := sequence(v)
	if !ok && v != nil {
		return fmt.Errorf("%s is no transaction", spell(v))
	}
	for _, s := range steps {
		step, ok := sequence(s)
		if !ok || len(step) == 0 {
			return fmt.Errorf("%s is no operation of a transaction", spell(s))
		}
		switch f := nameOf(step[0]); {
		case (f == ":send" || f == Send) && len(step) == 3:
			d, err := l.readSend(l.key(nameOf(step[1])), step[2])
			if err != nil {
				return err
			}
			c.sends = append(c.sends, d)
		case (f == ":poll" || f == Poll) && len(step) == 1:
		case (f == ":poll" || f == Poll) && len(step) == 2:
			if err := l.readPoll(c, step[1]); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s is neither [:send KEY MESSAGE] nor [:poll {KEY [[OFFSET MESSAGE]]}]", spell(s))
		}
	}
	return nil
}

// readSend reads what was sent: a message, or offset and message.
func (l *decoder) readSend(key int32, v any) (deed, error) {
	if _, pair := sequence(v); pair {
		return l.readPair(key, v)
	}
	return deed{l.message(key, v), unplaced}, nil
}

// readPair reads offset and message. The offset may be nil.
func (l *decoder) readPair(key int32, v any) (deed, error) {
	pair, _ := sequence(v)
	if len(pair) != 2 {
		return deed{}, fmt.Errorf("%s is no pair of offset and message", spell(v))
	}
	offset := int64(unplaced)
	if pair[0] != nil {
		n, ok := wholeNumber(pair[0])
		if !ok || n < 0 {
			return deed{}, fmt.Errorf("the offset %s is no whole number from 0", spell(pair[0]))
		}
		offset = n
	}
	return deed{l.message(key, pair[1]), offset}, nil
}

// readPoll reads what a poll returned: messages by log. Logs are taken in the order of their names.
func (l *decoder) readPoll(c *call, v any) error {
	m, ok := v.(edn.Map)
	if !ok && v != nil {
		return fmt.Errorf("%s is no map of logs to what was polled", spell(v))
	}
	byKey := make(map[string]any, len(m))
	for _, p := range m {
		byKey[nameOf(p.Key)] = p.Value
	}
	for _, name := range sorting.Keys(byKey) {
		pairs, ok := sequence(byKey[name])
		if !ok && byKey[name] != nil {
			return fmt.Errorf("%s is no list of pairs of offset and message", spell(byKey[name]))
		}
		for _, pair := range pairs {
			d, err := l.readPair(l.key(name), pair)
			if err != nil {
				return err
			}
			c.polls = append(c.polls, d)
		}
	}
	return nil
}

// message returns the number of a message of Jepsen's.
func (l *decoder) message(key int32, v any) int32 {
	if n, ok := wholeNumber(v); ok {
		return l.whole(key, n)
	}
	return l.other(key, spell(v))
}

func wholeNumber(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case float64:
		return int64(v), v == math.Trunc(v) && math.Abs(v) < 1<<53
	}
	return 0, false
}

// sequence returns the elements of a vector or a list.
func sequence(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case edn.List:
		return v, true
	}
	return nil, false
}

// nameOf returns a string as it is, and anything else as EDN spells it.
func nameOf(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return spell(v)
}

func spell(v any) string {
	b, err := edn.Append(nil, v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

var errNone = errors.New("it is nothing")

// badInput says that what was asked is malformed: then nothing can be judged.
func badInput(op history.Op, err error) *shapes.BadValue {
	if op.Input == nil {
		err = errNone
	}
	return &shapes.BadValue{Op: op, Reason: fmt.Sprintf("%s asked for what is no request to logs: %v", wording.Place(op), err)}
}

// badOutput says that what was answered is malformed, which is the fault of the system.
func badOutput(c history.Call, err error) *shapes.BadValue {
	return &shapes.BadValue{Op: c.Complete, Call: &c, Reason: fmt.Sprintf("the system answered garbage: %s was answered %v: %v",
		wording.Place(c.Complete), c.Complete.Output, err)}
}
