package checker

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/history"
)

// A span is a call, seen as the stretch of a history in which it took effect.
// Instants are the indexes of ops: no two are the same, so there are no ties.
type span struct {
	call, ret int   // it took effect after the one and before the other
	end       int   // index of its completion, or -1
	known     bool  // whether it certainly happened, and what was answered
	optional  bool  // whether it may as well not have happened, for the sake of argument
	at        int32 // its place among the calls on its key
}

func spanOf(c history.Call) span {
	sp := span{call: c.Invoke.Index, ret: never, end: c.Complete.Index}
	if c.Complete.Type == history.OK {
		sp.known, sp.ret = true, sp.end
	}
	return sp
}

// A part is the calls on one key, in the order of their invocations. Calls that
// certainly did not happen are left out.
type part struct {
	key   string
	spans []span
	calls int32
}

// A source finds out what the calls of a history are about.
type source struct {
	*hooks
	object
	h       *history.History
	refined *refined // if the calls on a key tell more together
	once    *reading // the accesses of some calls, if they are known
}

// words says what a call asked and was answered.
func (s source) words(sp span) string { return s.describeCall(s.h, sp) }

// isPure reports whether a call changes nothing, as far as the model says.
func (s source) isPure(sp span) bool {
	if s.pure != nil {
		return sp.known && s.pure(s.h.At(sp.call).Input, answeredTo(s.h, sp))
	}
	if s.register {
		writes, ok := s.puts(sp)
		return ok && !writes
	}
	return false
}

// isMoot reports whether a call may as well not have happened, if its outcome is unknown.
func (s source) isMoot(sp span) bool { return s.moot != nil && s.moot(s.h.At(sp.call).Input) }

// accessible reports whether it may be known what calls read and write.
func (s source) accessible() bool { return s.register || s.refined != nil }

// call returns the call as the history has it.
func (s source) call(sp span) history.Call {
	c := history.Call{Invoke: s.h.At(sp.call)}
	if sp.end >= 0 {
		c.Complete = s.h.At(sp.end)
		return c
	}
	c.Complete = history.Op{
		Index: -1, Time: history.Forever, Process: c.Invoke.Process, Node: c.Invoke.Node,
		Type: history.Info, Key: c.Invoke.Key,
	}
	return c
}

// A garbled value is an input or an output that is not of the model's types.
type garbled struct {
	op     history.Op
	answer bool
	reason string
}

// split sorts the calls of a history by key. It returns the first value, if
// there is one, that is not of the model's types.
func (s source) split() (parts []*part, bad *garbled) {
	most := s.h.Len()/2 + 1 // calls, about
	all, of := make([]span, 0, most), make([]int32, 0, most)
	number := map[string]int32{}
	for c := range s.h.Calls() {
		if !s.takes(c.Invoke.Input) {
			want, _ := s.types()
			return nil, &garbled{c.Invoke, false, fmt.Sprintf("the %s model takes %s, but %s asked for a %T: %v",
				s.name, want, place(c.Invoke), c.Invoke.Input, c.Invoke.Input)}
		}
		if c.Complete.Type == history.Fail {
			continue
		}
		sp := spanOf(c)
		if sp.known && c.Complete.Output != nil && !s.gives(c.Complete.Output) {
			_, want := s.types()
			return nil, &garbled{c.Complete, true, fmt.Sprintf("the system answered garbage: %s was answered a %T, %v, where a %s was due",
				place(c.Complete), c.Complete.Output, c.Complete.Output, want)}
		}
		key := s.keyOf(c.Invoke.Input)
		n, ok := number[key]
		if !ok {
			n = int32(len(parts))
			number[key] = n
			parts = append(parts, &part{key: key})
		}
		sp.at = parts[n].calls
		parts[n].calls++
		all, of = append(all, sp), append(of, n)
	}
	deal(parts, all, of)
	return parts, nil
}

// deal gives each part its calls, of which it knows how many there are.
func deal(parts []*part, all []span, of []int32) {
	if len(parts) == 1 {
		parts[0].spans = all
		return
	}
	sorted := make([]span, len(all))
	for _, p := range parts {
		p.spans, sorted = sorted[:0:p.calls], sorted[p.calls:]
	}
	for i, sp := range all {
		p := parts[of[i]]
		p.spans = append(p.spans, sp)
	}
}

// until returns the calls as they stood at an instant: those invoked later are
// not there yet, and those that returned later have not been answered.
func until(spans []span, at int) []span {
	var cut []span
	for _, sp := range spans {
		if sp.call > at {
			break
		}
		if sp.end > at {
			sp = span{call: sp.call, ret: never, end: -1, at: sp.at}
		}
		cut = append(cut, sp)
	}
	return cut
}

// A refined is the calls of a refinement.
type refined struct {
	spans []span
	shown []int32 // by call, the one that shows what it read and wrote, or none
	clash []int   // calls that contradict each other without more ado
}

// find returns where a call stands among those that were refined: mostly where it stands among all.
func (r *refined) find(sp span) (int, bool) {
	if i := int(sp.at); i < len(r.spans) && r.spans[i].call == sp.call {
		return i, true
	}
	return slices.BinarySearchFunc(r.spans, sp.call, func(x span, call int) int { return x.call - call })
}

// shows returns the call that shows what another read and wrote, if one does.
func (r *refined) shows(sp span) (span, bool) {
	if i, ok := r.find(sp); ok && r.shown[i] != none {
		return r.spans[r.shown[i]], true
	}
	return span{}, false
}

// together returns the source with what its model can tell of the calls on a key
// together. If that alone is a contradiction, it returns the places of the calls of it.
func (s source) together(spans []span) (source, []int) {
	o, r := s.refine(spans)
	if o == nil {
		return s, nil
	}
	s.object, s.refined = o, r
	return s, r.clash
}

// unrefined returns the source without what [source.together] found out.
func (s source) unrefined() source {
	if s.refined != nil {
		s.object, s.refined = s.plain(), nil
	}
	return s
}

// result returns what a checker says of a history with a value that is not of the model's types: Invalid if it is
// an answer, and Unknown if nobody could have answered.
func (bad *garbled) result(h *history.History) Result {
	r := Result{Checker: "linearizable", Verdict: Unknown, Reason: bad.reason}
	if bad.answer {
		r.Verdict = Invalid
		for c := range h.Calls() {
			if c.Complete.Index == bad.op.Index {
				r.Why = &Why{Key: c.Invoke.Key, Reason: bad.reason, Calls: []history.Call{c}, Of: h.Len()}
			}
		}
	}
	return r
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
