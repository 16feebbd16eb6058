package view

import (
	"fmt"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// A deed is a call on a register in words.
type deed struct {
	model.Access[any]
	call history.Call
	swap bool // whether it asked to write: then it may have found something else
}

// reads returns what is called the act: "read 23 from k2".
func (d deed) act(key string) string {
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

func (d deed) noun() string {
	if d.Writes || d.swap {
		return "swap"
	}
	return "read"
}

func (d deed) who() string { return fmt.Sprintf("process %d", d.call.Invoke.Process) }

// after says how long before d another call had ended: "10ms before that read began".
func (d deed) after(other history.Call) string {
	text := fmt.Sprintf("before that %s began", d.noun())
	if gap := d.call.Invoke.Time - other.Complete.Time; gap > 0 { // 0 in a history without times
		text = words.Duration(gap) + " " + text
	}
	return text
}

// Word says in one sentence what is wrong with calls that contradict each other.
func (s View) Word(key string, spans []Span, at int) string {
	var deeds []deed
	if s.Accessible() {
		for _, sp := range spans {
			a, ok := s.Access(sp)
			if !ok {
				break
			}
			deeds = append(deeds, deed{a, s.Call(sp), s.writes(sp)})
		}
	}
	if at >= 0 && len(deeds) == len(spans) {
		for _, sentence := range []func(string, []deed, deed) string{wordTwice, wordEarly, s.wordStale} {
			if text := sentence(key, deeds, deeds[at]); text != "" {
				return text
			}
		}
	}
	return s.WordAny(key, spans, at)
}

// WordAny tells of calls that contradict each other in no way that has a name.
func (s View) WordAny(key string, spans []Span, at int) string {
	if at < 0 || !spans[at].Known {
		return fmt.Sprintf("no order of %s%s explains the answers", words.Plural(len(spans), "call"), words.On(key))
	}
	process, asked := s.H.At(spans[at].Call).Process, s.Words(spans[at])
	if len(spans) == 1 {
		return fmt.Sprintf("no call%s explains what process %d was answered: %s", words.On(key), process, asked)
	}
	return fmt.Sprintf("no order of %s%s explains what process %d was answered: %s", words.Plural(len(spans), "call"), words.On(key), process, asked)
}

// wordTwice tells of a value that was swapped twice.
func wordTwice(key string, deeds []deed, d deed) string {
	for _, e := range deeds {
		if d.Reads && d.Writes && e.Reads && e.Writes && e.Saw == d.Saw && e.Put != d.Put {
			return fmt.Sprintf("%s and %s both swapped %s%s for something else", e.who(), d.who(), words.Value(d.Saw), words.Of(key, "in"))
		}
	}
	return ""
}

// wordEarly tells of a value that was seen before anybody asked for it to be written.
func wordEarly(key string, deeds []deed, _ deed) string {
	for _, w := range deeds {
		for _, d := range deeds {
			if w.Writes && d.Reads && d.Saw == w.Put && d.call.Returned() < w.call.Invoke.Index {
				return fmt.Sprintf("%s %s %s before %s began to write it", d.who(), d.act(key),
					words.Duration(w.call.Invoke.Time-d.call.Complete.Time), w.who())
			}
		}
	}
	return ""
}

// wordStale tells of a value that was seen after another had taken its place.
func (s View) wordStale(key string, deeds []deed, d deed) string {
	var last *deed
	var newer any
	for i, e := range deeds {
		if e.call.Returned() > d.call.Invoke.Index {
			continue
		}
		v := e.Saw
		if e.Writes {
			v = e.Put
		}
		if v != d.Saw && (last == nil || e.call.Returned() > last.call.Returned()) {
			last, newer = &deeds[i], v
		}
	}
	if last == nil || !d.Reads {
		return ""
	}
	act := d.act(key)
	began := d.after(last.call)
	if d.Saw == any(model.Nil) && !d.Writes && last.Writes {
		return fmt.Sprintf("%s found nothing%s, but %s had written %s %s", d.who(), words.Of(key, "in"), last.who(), words.Value(newer), began)
	}
	if d.Saw == s.Initial() && !d.Writes {
		act = fmt.Sprintf("read the initial value %s%s", words.Value(d.Saw), words.Of(key, "from"))
	}
	switch {
	case !last.Writes:
		return fmt.Sprintf("%s %s, but %s had read %s, which replaced it, %s", d.who(), act, last.who(), words.Value(newer), began)
	case last.Reads && last.Saw == d.Saw:
		return fmt.Sprintf("%s %s, but %s had swapped it for %s %s", d.who(), act, last.who(), words.Value(newer), began)
	}
	return fmt.Sprintf("%s %s, but %s had replaced it %s", d.who(), act, words.Value(newer), began)
}

// touches reports whether a call is one of the model's on a key.
func (s View) touches(c history.Call, key string) bool {
	return s.Takes(c.Invoke.Input) && (!s.Keyed || s.KeyOf(c.Invoke.Input) == key)
}

// lastWrite returns the last write to a key that was acknowledged before a call was invoked, or nil.
func (s View) lastWrite(key string, before history.Call) (last *history.Call) {
	for c := range s.H.Calls() {
		if !s.touches(c, key) || c.Complete.Type != history.OK || c.Returned() > before.Invoke.Index || !s.observesWrite(c) {
			continue
		}
		if last == nil || c.Returned() > last.Returned() {
			last = &c
		}
	}
	return last
}

// suspect returns the call that may be to blame for a value that was seen and not written: one that was meant
// to put it on the key and did not, or else one that put it on another key. Of several it returns the first.
func (s View) suspect(key string, v any, seen history.Call) (call *history.Call, elsewhere bool) {
	var other *history.Call
	for c := range s.H.Calls() {
		if !s.Takes(c.Invoke.Input) || c.Invoke.Index == seen.Invoke.Index || !s.means(c.Invoke.Input, v) {
			continue
		}
		if s.touches(c, key) {
			if c.Complete.Type != history.OK || !s.observesWrite(c) {
				return &c, false
			}
		} else if other == nil && c.Invoke.Index < seen.Returned() {
			other = &c
		}
	}
	return other, other != nil
}

// writes reports whether a call was meant to put something.
func (s View) writes(sp Span) bool {
	a, ok := s.asks(s.H.At(sp.Call).Input)
	return ok && a.Writes
}

// means reports whether a call was meant to put a value.
func (s View) means(input, v any) bool {
	a, ok := s.asks(input)
	return ok && a.Writes && a.Put == v
}

// observesWrite reports whether a call that was answered has written.
func (s View) observesWrite(c history.Call) bool {
	a, ok := s.Access(SpanOf(c))
	return ok && a.Writes
}
