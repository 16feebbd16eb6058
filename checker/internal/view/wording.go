package view

import (
	"fmt"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// An operation describes a call on a register.
type operation struct {
	model.Access[any]
	call history.Call
	swap bool // whether its input asks to write: a cas that found another value
}

// did says what the call did: "read 23 from k2".
func (d operation) did(key string) string {
	switch {
	case d.Reads && d.Writes:
		return fmt.Sprintf("swapped %s%s for %s", words.Value(d.Saw), words.Of(key, "in"), words.Value(d.Put))
	case d.Writes:
		return fmt.Sprintf("wrote %s%s", words.Value(d.Put), words.Of(key, "to"))
	}
	if d.swap {
		return fmt.Sprintf("found %s%s", words.Value(d.Saw), words.Of(key, "in"))
	}
	return fmt.Sprintf("read %s%s", words.Value(d.Saw), words.Of(key, "from"))
}

func (d operation) noun() string {
	if d.Writes || d.swap {
		return "swap"
	}
	return "read"
}

func (d operation) process() string { return fmt.Sprintf("process %d", d.call.Invoke.Process) }

// after says how long before the call another one had ended: "10ms before that read began".
func (d operation) after(other history.Call) string {
	text := fmt.Sprintf("before that %s began", d.noun())
	if gap := d.call.Invoke.Time - other.Complete.Time; gap > 0 { // 0 in a history without times
		text = words.Duration(gap) + " " + text
	}
	return text
}

// Reason says in one sentence why calls contradict each other: by the anomaly, where it has a name.
func (s View) Reason(key string, spans []Span, at int) string {
	var ops []operation
	if s.Accessible() {
		for _, sp := range spans {
			a, ok := s.Access(sp)
			if !ok {
				break
			}
			ops = append(ops, operation{a, s.Call(sp), s.asksToWrite(sp)})
		}
	}
	if at >= 0 && len(ops) == len(spans) {
		for _, sentence := range []func(string, []operation, operation) string{swappedTwice, readBeforeWrite, s.staleRead} {
			if text := sentence(key, ops, ops[at]); text != "" {
				return text
			}
		}
	}
	return s.GenericReason(key, spans, at)
}

// GenericReason is [View.Reason] for calls that contradict each other in no way that has a name.
func (s View) GenericReason(key string, spans []Span, at int) string {
	if at < 0 || !spans[at].Known {
		return fmt.Sprintf("no order of %s%s explains the answers", words.Plural(len(spans), "call"), words.On(key))
	}
	process, asked := s.H.At(spans[at].Call).Process, s.Words(spans[at])
	if len(spans) == 1 {
		return fmt.Sprintf("no call%s explains what process %d was answered: %s", words.On(key), process, asked)
	}
	return fmt.Sprintf("no order of %s%s explains what process %d was answered: %s", words.Plural(len(spans), "call"), words.On(key), process, asked)
}

// swappedTwice is the reason for a value that was swapped twice; empty if none was.
func swappedTwice(key string, ops []operation, d operation) string {
	for _, e := range ops {
		if d.Reads && d.Writes && e.Reads && e.Writes && e.Saw == d.Saw && e.Put != d.Put {
			return fmt.Sprintf("%s and %s both swapped %s%s for something else", e.process(), d.process(), words.Value(d.Saw), words.Of(key, "in"))
		}
	}
	return ""
}

// readBeforeWrite is the reason for a value that was read before its write was invoked.
func readBeforeWrite(key string, ops []operation, _ operation) string {
	for _, w := range ops {
		for _, d := range ops {
			if w.Writes && d.Reads && d.Saw == w.Put && d.call.Returned() < w.call.Invoke.Index {
				return fmt.Sprintf("%s %s %s before %s began to write it", d.process(), d.did(key),
					words.Duration(w.call.Invoke.Time-d.call.Complete.Time), w.process())
			}
		}
	}
	return ""
}

// staleRead is the reason for a value that was read after another had replaced it.
func (s View) staleRead(key string, ops []operation, d operation) string {
	var last *operation
	var newer any
	for i, e := range ops {
		if e.call.Returned() > d.call.Invoke.Index {
			continue
		}
		v := e.Saw
		if e.Writes {
			v = e.Put
		}
		if v != d.Saw && (last == nil || e.call.Returned() > last.call.Returned()) {
			last, newer = &ops[i], v
		}
	}
	if last == nil || !d.Reads {
		return ""
	}
	act := d.did(key)
	began := d.after(last.call)
	if d.Saw == any(model.Nil) && !d.Writes && last.Writes {
		return fmt.Sprintf("%s found nothing%s, but %s had written %s %s", d.process(), words.Of(key, "in"), last.process(), words.Value(newer), began)
	}
	if d.Saw == s.Initial() && !d.Writes {
		act = fmt.Sprintf("read the initial value %s%s", words.Value(d.Saw), words.Of(key, "from"))
	}
	switch {
	case !last.Writes:
		return fmt.Sprintf("%s %s, but %s had read %s, which replaced it, %s", d.process(), act, last.process(), words.Value(newer), began)
	case last.Reads && last.Saw == d.Saw:
		return fmt.Sprintf("%s %s, but %s had swapped it for %s %s", d.process(), act, last.process(), words.Value(newer), began)
	}
	return fmt.Sprintf("%s %s, but %s had replaced it %s", d.process(), act, words.Value(newer), began)
}

// concerns reports whether a call of the model touches a key.
func (s View) concerns(c history.Call, key string) bool {
	return s.Takes(c.Invoke.Input) && (!s.Keyed || s.KeyOf(c.Invoke.Input) == key)
}

// lastWrite returns the last write to a key that was acknowledged before a call was invoked, or nil.
func (s View) lastWrite(key string, before history.Call) (last *history.Call) {
	for c := range s.H.Calls() {
		if !s.concerns(c, key) || c.Complete.Type != history.OK || c.Returned() > before.Invoke.Index || !s.observesWrite(c) {
			continue
		}
		if last == nil || c.Returned() > last.Returned() {
			last = &c
		}
	}
	return last
}

// suspect returns the call that may explain a thin-air read: one that asked
// to write the value to the key and did not, or else one that wrote it to another key. Of several it returns the first.
func (s View) suspect(key string, v any, seen history.Call) (call *history.Call, elsewhere bool) {
	var other *history.Call
	for c := range s.H.Calls() {
		if !s.Takes(c.Invoke.Input) || c.Invoke.Index == seen.Invoke.Index || !s.asksToPut(c.Invoke.Input, v) {
			continue
		}
		if s.concerns(c, key) {
			if c.Complete.Type != history.OK || !s.observesWrite(c) {
				return &c, false
			}
		} else if other == nil && c.Invoke.Index < seen.Returned() {
			other = &c
		}
	}
	return other, other != nil
}

// asksToWrite reports whether a call asked to write.
func (s View) asksToWrite(sp Span) bool {
	a, ok := s.intended(s.H.At(sp.Call).Input)
	return ok && a.Writes
}

// asksToPut reports whether an input asks to write a value.
func (s View) asksToPut(input, v any) bool {
	a, ok := s.intended(input)
	return ok && a.Writes && a.Put == v
}

// observesWrite reports whether a call that returned has written.
func (s View) observesWrite(c history.Call) bool {
	a, ok := s.Access(SpanOf(c))
	return ok && a.Writes
}
