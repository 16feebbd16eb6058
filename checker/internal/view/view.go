package view

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// A Span is a call, seen as the stretch of a history in which it took effect.
// Instants are the indexes of ops: no two are the same, so there are no ties.
type Span struct {
	Call, Ret int   // it took effect after the one and before the other
	End       int   // index of its completion, or -1
	Known     bool  // whether it certainly happened, and what was answered
	Optional  bool  // whether it may as well not have happened, for the sake of argument
	At        int32 // its place among the calls on its key
}

// SpanOf returns the span of a call.
func SpanOf(c history.Call) Span {
	sp := Span{Call: c.Invoke.Index, Ret: model.Never, End: c.Complete.Index}
	if c.Complete.Type == history.OK {
		sp.Known, sp.Ret = true, sp.End
	}
	return sp
}

// A Part is the calls on one key, in the order of their invocations. Calls that
// certainly did not happen are left out.
type Part struct {
	Key   string
	Spans []Span
	calls int32
}

// A View finds out what the calls of a history are about.
type View struct {
	*Hooks
	object
	H       *history.History
	Refined *refined // if the calls on a key tell more together
	once    *reading // the accesses of some calls, if they are known
}

// Words says what a call asked and was answered.
func (s View) Words(sp Span) string { return s.describeCall(s.H, sp) }

// IsPure reports whether a call changes nothing, as far as the model says.
func (s View) IsPure(sp Span) bool {
	if s.Pure != nil {
		return sp.Known && s.Pure(s.H.At(sp.Call).Input, AnsweredTo(s.H, sp))
	}
	if s.Register {
		writes, ok := s.Puts(sp)
		return ok && !writes
	}
	return false
}

// IsMoot reports whether a call may as well not have happened, if its outcome is unknown.
func (s View) IsMoot(sp Span) bool { return s.NoEffect != nil && s.NoEffect(s.H.At(sp.Call).Input) }

// Accessible reports whether it may be known what calls read and write.
func (s View) Accessible() bool { return s.Register || s.Refined != nil }

// Call returns the call as the history has it.
func (s View) Call(sp Span) history.Call {
	c := history.Call{Invoke: s.H.At(sp.Call)}
	if sp.End >= 0 {
		c.Complete = s.H.At(sp.End)
		return c
	}
	c.Complete = history.Op{
		Index: -1, Time: history.Forever, Process: c.Invoke.Process, Node: c.Invoke.Node,
		Type: history.Info, Key: c.Invoke.Key,
	}
	return c
}

// A Malformed value is an input or an output that is not of the model's types.
type Malformed struct {
	op     history.Op
	answer bool
	reason string
}

// Split sorts the calls of a history by key. It returns the first value, if
// there is one, that is not of the model's types.
func (s View) Split() (parts []*Part, bad *Malformed) {
	most := s.H.Len()/2 + 1 // calls, about
	all, of := make([]Span, 0, most), make([]int32, 0, most)
	number := map[string]int32{}
	for c := range s.H.Calls() {
		if !s.Takes(c.Invoke.Input) {
			want, _ := s.types()
			return nil, &Malformed{c.Invoke, false, fmt.Sprintf("the %s model takes %s, but %s asked for a %T: %v",
				s.Name, want, wording.Place(c.Invoke), c.Invoke.Input, c.Invoke.Input)}
		}
		if c.Complete.Type == history.Fail {
			continue
		}
		sp := SpanOf(c)
		if sp.Known && c.Complete.Output != nil && !s.Gives(c.Complete.Output) {
			_, want := s.types()
			return nil, &Malformed{c.Complete, true, fmt.Sprintf("the system answered garbage: %s was answered a %T, %v, where a %s was due",
				wording.Place(c.Complete), c.Complete.Output, c.Complete.Output, want)}
		}
		key := s.KeyOf(c.Invoke.Input)
		n, ok := number[key]
		if !ok {
			n = int32(len(parts))
			number[key] = n
			parts = append(parts, &Part{Key: key})
		}
		sp.At = parts[n].calls
		parts[n].calls++
		all, of = append(all, sp), append(of, n)
	}
	deal(parts, all, of)
	return parts, nil
}

// deal gives each part its calls, of which it knows how many there are.
func deal(parts []*Part, all []Span, of []int32) {
	if len(parts) == 1 {
		parts[0].Spans = all
		return
	}
	sorted := make([]Span, len(all))
	for _, p := range parts {
		p.Spans, sorted = sorted[:0:p.calls], sorted[p.calls:]
	}
	for i, sp := range all {
		p := parts[of[i]]
		p.Spans = append(p.Spans, sp)
	}
}

// Until returns the calls as they stood at an instant: those invoked later are
// not there yet, and those that returned later have not been answered.
func Until(spans []Span, at int) []Span {
	var cut []Span
	for _, sp := range spans {
		if sp.Call > at {
			break
		}
		if sp.End > at {
			sp = Span{Call: sp.Call, Ret: model.Never, End: -1, At: sp.At}
		}
		cut = append(cut, sp)
	}
	return cut
}

// A refined is the calls of a refinement.
type refined struct {
	spans []Span
	shown []int32 // by call, the one that shows what it read and wrote, or none
	clash []int   // calls that contradict each other without more ado
}

// find returns where a call stands among those that were refined: mostly where it stands among all.
func (r *refined) find(sp Span) (int, bool) {
	if i := int(sp.At); i < len(r.spans) && r.spans[i].Call == sp.Call {
		return i, true
	}
	return slices.BinarySearchFunc(r.spans, sp.Call, func(x Span, call int) int { return x.Call - call })
}

// Shows returns the call that shows what another read and wrote, if one does.
func (r *refined) Shows(sp Span) (Span, bool) {
	if i, ok := r.find(sp); ok && r.shown[i] != model.None {
		return r.spans[r.shown[i]], true
	}
	return Span{}, false
}

// Together returns the source with what its model can tell of the calls on a key
// together. If that alone is a contradiction, it returns the places of the calls of it.
func (s View) Together(spans []Span) (View, []int) {
	o, r := s.refine(spans)
	if o == nil {
		return s, nil
	}
	s.object, s.Refined = o, r
	return s, r.clash
}

// Unrefined returns the source without what [View.Together] found out.
func (s View) Unrefined() View {
	if s.Refined != nil {
		s.object, s.Refined = s.plain(), nil
	}
	return s
}

// Result returns what a checker says of a history with a value that is not of the model's types: Invalid if it is
// an answer, and Unknown if nobody could have answered.
func (bad *Malformed) Result(h *history.History) checker.Result {
	r := checker.Result{Checker: "linearizable", Verdict: checker.Unknown, Reason: bad.reason}
	if bad.answer {
		r.Verdict = checker.Invalid
		for c := range h.Calls() {
			if c.Complete.Index == bad.op.Index {
				r.Why = &checker.Why{Key: c.Invoke.Key, Reason: bad.reason, Calls: []history.Call{c}, Of: h.Len()}
			}
		}
	}
	return r
}

// BoolInt returns 1 if b is true, to be counted.
func BoolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
