package linearizable

import (
	"fmt"
	"slices"
	"sort"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/checker/internal/zones"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/ddmin"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// prefixCalls is the most calls among which the shortest violating prefix is
// searched. Among more, the conflict that zones report first is used.
const prefixCalls = 50_000

// explain returns a minimal set of calls on a key that contradict each other: they are linearizable
// without any one of them and those that saw what it wrote. It judges parts of the history and never
// runs the system again. It starts from what the decision found.
func (s explanation) explain(p *view.Part, d decision) *checker.Counterexample {
	c := d.zones
	w := &checker.Counterexample{Key: p.Key, Blamed: -1, Judged: len(p.Spans)}
	var thinAir view.Span
	var isThinAir bool
	var spans []view.Span
	switch {
	case d.byModel.Conflict != nil:
		return s.explainFound(p, d.byModel)
	case c == nil:
		if thinAir, isThinAir = s.thinAirRead(p.Spans); !isThinAir {
			spans = s.conflictBySearch(p.Spans, d.at)
		}
	case c.ThinAir != model.None && p.Spans[c.ThinAir].Known:
		thinAir, isThinAir = p.Spans[c.ThinAir], true
	case c.Minimal:
		for _, i := range c.Ops {
			spans = append(spans, p.Spans[i])
		}
		spans = s.addEvidence(spans, p.Spans)
	default:
		spans = s.addEvidence(s.conflicting(p.Spans, c), p.Spans)
	}
	if isThinAir {
		w.Calls = []history.Call{s.Call(thinAir)}
		s.ExplainThinAir(w, thinAir)
		return w
	}
	sorting.Func(spans, func(a, b view.Span) int { return a.Call - b.Call })
	for _, sp := range spans {
		w.Calls = append(w.Calls, s.Call(sp))
	}
	w.Blamed = blamed(spans, s.observes)
	if c != nil && !c.Minimal {
		w.Reason = s.Reason(p.Key, spans, w.Blamed)
	} else {
		w.Reason = s.GenericReason(p.Key, spans, w.Blamed)
	}
	return w
}

// explainFound minimises the conflict that the model's decision procedure found. Where the call to blame is still in it,
// the procedure's reason is used.
func (s explanation) explainFound(p *view.Part, f model.Decision) *checker.Counterexample {
	w := &checker.Counterexample{Key: p.Key, Blamed: -1, Judged: len(p.Spans)}
	var bad []view.Span
	for _, i := range f.Conflict {
		bad = append(bad, p.Spans[i])
	}
	blame := bad[0]
	sorting.Func(bad, func(a, b view.Span) int { return a.Call - b.Call })
	bad = slices.Compact(bad)
	if few := s.minimise(slices.Clone(bad), p.Spans); len(few) < len(bad) {
		sorting.Func(few, func(a, b view.Span) int { return a.Call - b.Call })
		bad = few
	}
	for _, sp := range bad {
		w.Calls = append(w.Calls, s.Call(sp))
	}
	if w.Blamed = slices.Index(bad, blame); w.Blamed < 0 {
		w.Blamed = blamed(bad, s.observes)
		w.Reason = s.GenericReason(p.Key, bad, w.Blamed)
		return w
	}
	w.Reason = fmt.Sprintf("process %d was answered %s%s, %s", s.H.At(blame.Call).Process, s.Words(blame), words.On(p.Key), f.Reason)
	return w
}

// conflicting returns a minimal set of calls whose zones contradict each other, from the shortest violating prefix where
// that is cheap.
func (s explanation) conflicting(spans []view.Span, c *zones.Conflict) []view.Span {
	if len(spans) <= prefixCalls && s.Inferred == nil {
		at := firstBad(spans, func(spans []view.Span) bool {
			if !s.meter.Take(len(spans) / 8) {
				return false
			}
			c, _ := zones.Of(s.View, spans, false)
			return c != nil
		})
		early := view.Until(spans, at)
		d, _ := zones.Of(s.View, early, false)
		// If a call that had not been answered yet is part of it, the answer matters.
		if d != nil && !slices.ContainsFunc(d.Ops, func(i int32) bool { return early[i] != spans[i] }) {
			c = d
		}
	}
	var found []view.Span
	for _, i := range c.Ops {
		found = append(found, spans[i])
	}
	return s.minimalOnRegister(found, spans)
}

// minimalOnRegister removes calls on a register, adds the writers of the values that the
// rest saw, and removes again what these have made redundant.
func (s explanation) minimalOnRegister(found, all []view.Span) []view.Span {
	bad := func(spans []view.Span) bool {
		if !s.meter.Take(len(spans)) {
			return false
		}
		c, _ := zones.Of(s.View, spans, true)
		return c != nil
	}
again:
	for range 10 {
		found = s.addWriters(s.ddminOnce(found, bad), all)
		for i := range found {
			if rest := s.without(found, i); bad(rest) {
				found = rest
				continue again
			}
		}
		break
	}
	return found
}

// without leaves out a call, and those that saw what it wrote.
func (s explanation) without(spans []view.Span, i int) (rest []view.Span) {
	gone, _ := s.Access(spans[i])
	for j, sp := range spans {
		if a, _ := s.Access(sp); j != i && !(gone.Writes && a.Reads && a.Saw == gone.Put) {
			rest = append(rest, sp)
		}
	}
	return rest
}

// thinAirRead returns the first call that saw a value which no call
// asked to write, if there is one.
func (s explanation) thinAirRead(spans []view.Span) (first view.Span, found bool) {
	if !s.Accessible() {
		return first, false
	}
	put := map[any]bool{}
	for _, v := range s.Firsts(spans) {
		put[v] = true
	}
	first.Ret = model.Never
	for _, sp := range spans {
		if a, ok := s.Access(sp); !ok {
			return first, false // it may write any value
		} else if a.Writes {
			put[a.Put] = true
		}
	}
	for _, sp := range spans {
		a, _ := s.Access(sp)
		if sp.Known && a.Reads && !put[a.Saw] && sp.Ret < first.Ret {
			first, found = sp, true
		}
	}
	return first, found
}

// addWriters adds to calls on a register those that wrote what they saw, so that the counterexample
// shows where values came from.
func (s explanation) addWriters(spans, all []view.Span) []view.Span {
	saw := map[any]bool{}
	for _, sp := range spans {
		if a, _ := s.Access(sp); a.Reads {
			saw[a.Saw] = true
		}
	}
	for _, sp := range all {
		if a, _ := s.Access(sp); a.Writes && saw[a.Put] && !slices.Contains(spans, sp) {
			spans = append(spans, sp)
		}
	}
	return spans
}

// firstBad returns the first instant by which a history is invalid, by bisection: once invalid,
// a prefix stays so.
func firstBad(spans []view.Span, bad func([]view.Span) bool) int {
	var ends []int
	for _, sp := range spans {
		if sp.Known {
			ends = append(ends, sp.End)
		}
	}
	slices.Sort(ends)
	i := sort.Search(len(ends)-1, func(i int) bool { return bad(view.Until(spans, ends[i])) })
	return ends[i]
}

// ddminOnce removes calls as long as the rest is invalid, each alone once. Read-only calls go first.
func (s explanation) ddminOnce(spans []view.Span, invalid func([]view.Span) bool) []view.Span {
	sorting.Stable(spans, func(a, b view.Span) int { return view.BoolInt(!s.IsPure(a)) - view.BoolInt(!s.IsPure(b)) })
	return ddmin.Minimise(spans, func(rest []view.Span) ([]view.Span, bool) { return rest, invalid(rest) }, ddmin.Options{Once: true})
}

// blamed returns the last call that saw something, or the last of all.
func blamed(spans []view.Span, observes func(view.Span) bool) int {
	at := -1
	for i, sp := range spans {
		if observes(sp) && (at < 0 || sp.Call > spans[at].Call) {
			at = i
		}
	}
	if at < 0 {
		at = len(spans) - 1
	}
	return at
}

// observes reports whether the answer to a call says something.
func (s explanation) observes(sp view.Span) bool {
	a, ok := s.Access(sp)
	return sp.Known && (!ok || a.Reads)
}

// addEvidence adds the calls from which the accesses of others were inferred, and removes
// what these make redundant.
func (s explanation) addEvidence(spans, all []view.Span) []view.Span {
	if s.Inferred == nil {
		return spans
	}
	for _, sp := range spans {
		if by, ok := s.Inferred.Shows(sp); ok && !slices.Contains(spans, by) {
			spans = append(spans, by)
		}
	}
	slices.SortFunc(spans, func(a, b view.Span) int { return a.Call - b.Call })
	s.search = s.with(s.WithoutInference())
	return s.minimise(spans, all)
}
