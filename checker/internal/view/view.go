package view

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// A Span is a call, seen as the interval of a history in which it took effect.
// Instants are the indexes of ops: no two are the same, so there are no ties.
type Span struct {
	Call, Ret int   // it took effect after the one and before the other
	End       int   // index of its completion, or -1
	Known     bool  // whether it certainly happened, so that its answer is known
	Optional  bool  // whether a search may leave it out, though Known
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

// A View shows the calls of a history as a model sees them.
type View struct {
	*Hooks
	object
	H        *history.History
	Inferred *inferred   // if the accesses of calls on a key were inferred
	read     *accessList // the accesses of some calls, if they were read before
}

// Words describes a call: its input and its output.
func (s View) Words(sp Span) string { return s.describeCall(s.H, sp) }

// IsPure reports whether a call is read-only, as far as the model says.
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

// HasNoEffect reports whether an indeterminate call changes nothing, whether it happened or not.
func (s View) HasNoEffect(sp Span) bool {
	return s.NoEffect != nil && s.NoEffect(s.H.At(sp.Call).Input)
}

// Accessible reports whether the model may say what calls read and write.
func (s View) Accessible() bool { return s.Register || s.Inferred != nil }

// Call returns the call as the history has it.
func (s View) Call(sp Span) history.Call { return s.H.CallAt(sp.Call, sp.End) }

// A Malformed value is an input or an output that is not of the model's types.
type Malformed struct {
	op       history.Op
	isAnswer bool
	reason   string
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
	distribute(parts, all, of)
	return parts, nil
}

// distribute gives each part its calls. parts[i].calls is how many it has.
func distribute(parts []*Part, all []Span, of []int32) {
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

// Until returns the calls as they stood at an instant: without those invoked later,
// and with those that returned later as pending.
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

// An inferred is the calls whose accesses a model inferred.
type inferred struct {
	spans    []Span
	shownBy  []int32 // by call, the one from which its access was inferred, or None
	conflict []int   // calls that contradict each other already
}

// find returns the index of a call in spans: mostly its index among all calls on the key.
func (r *inferred) find(sp Span) (int, bool) {
	if i := int(sp.At); i < len(r.spans) && r.spans[i].Call == sp.Call {
		return i, true
	}
	return slices.BinarySearchFunc(r.spans, sp.Call, func(x Span, call int) int { return x.Call - call })
}

// Shows returns the call from which the access of another was inferred, if one was.
func (r *inferred) Shows(sp Span) (Span, bool) {
	if i, ok := r.find(sp); ok && r.shownBy[i] != model.None {
		return r.spans[r.shownBy[i]], true
	}
	return Span{}, false
}

// Infer returns the view with the accesses that the model infers from all calls on a key
// together. If these contradict each other already, it returns the indexes of the calls that do.
func (s View) Infer(spans []Span) (View, []int) {
	o, r := s.infer(spans)
	if o == nil {
		return s, nil
	}
	s.object, s.Inferred = o, r
	return s, r.conflict
}

// WithoutInference returns the view without the accesses that [View.Infer] found.
func (s View) WithoutInference() View {
	if s.Inferred != nil {
		s.object, s.Inferred = s.plain(), nil
	}
	return s
}

// Result returns the result for a history with a value that is not of the model's types: Invalid if it is
// an answer, and Unknown if it is a question.
func (bad *Malformed) Result(h *history.History) checker.Result {
	r := checker.Result{Checker: "linearizable", Verdict: checker.Unknown, Reason: bad.reason}
	if bad.isAnswer {
		r.Verdict = checker.Invalid
		for c := range h.Calls() {
			if c.Complete.Index == bad.op.Index {
				r.Counterexample = &checker.Counterexample{Key: c.Invoke.Key, Reason: bad.reason, Calls: []history.Call{c}, Judged: h.Len()}
			}
		}
	}
	return r
}

// BoolInt returns 1 for true and 0 for false.
func BoolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
