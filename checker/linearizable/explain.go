package linearizable

import (
	"fmt"
	"slices"
	"sort"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/checker/internal/zones"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// prefixCalls is the most calls among which the violation that shows first is
// looked for. Among more, one that shows early has to do.
const prefixCalls = 50_000

// explain returns the fewest calls on a key that contradict each other, in the
// sense that all would be well without any one of them and those that saw what it
// wrote. It judges parts of the history; it never runs it again. The decision
// says where zones contradict each other, or what else was found.
func (s search) explain(p *view.Part, d decision) *checker.Why {
	c := d.zones
	w := &checker.Why{Key: p.Key, Culprit: -1, Of: len(p.Spans)}
	var thin view.Span
	var unfounded bool
	var spans []view.Span
	switch {
	case d.found.Conflict != nil:
		return s.explainFound(p, d.found)
	case c == nil:
		if thin, unfounded = s.unfounded(p.Spans); !unfounded {
			spans = s.searched(p.Spans, d.at)
		}
	case c.Thin != model.None && p.Spans[c.Thin].Known:
		thin, unfounded = p.Spans[c.Thin], true
	case c.Clash:
		for _, i := range c.Ops {
			spans = append(spans, p.Spans[i])
		}
		spans = s.evident(spans, p.Spans)
	default:
		spans = s.evident(s.conflicting(p.Spans, c), p.Spans)
	}
	if unfounded {
		w.Calls = []history.Call{s.Call(thin)}
		s.WordThin(w, thin)
		return w
	}
	sorting.Func(spans, func(a, b view.Span) int { return a.Call - b.Call })
	for _, sp := range spans {
		w.Calls = append(w.Calls, s.Call(sp))
	}
	w.Culprit = culprit(spans, s.observes)
	if c != nil && !c.Clash {
		w.Reason = s.Word(p.Key, spans, w.Culprit)
	} else {
		w.Reason = s.WordAny(p.Key, spans, w.Culprit)
	}
	return w
}

// explainFound returns few of the calls that an algorithm for the object found.
func (s search) explainFound(p *view.Part, f model.Decision) *checker.Why {
	w := &checker.Why{Key: p.Key, Culprit: -1, Of: len(p.Spans)}
	var bad []view.Span
	for _, i := range f.Conflict {
		bad = append(bad, p.Spans[i])
	}
	blame := bad[0]
	sorting.Func(bad, func(a, b view.Span) int { return a.Call - b.Call })
	bad = slices.Compact(bad)
	if few := s.reduce(slices.Clone(bad), p.Spans); len(few) < len(bad) {
		sorting.Func(few, func(a, b view.Span) int { return a.Call - b.Call })
		bad = few
	}
	for _, sp := range bad {
		w.Calls = append(w.Calls, s.Call(sp))
	}
	if w.Culprit = slices.Index(bad, blame); w.Culprit < 0 {
		w.Culprit = culprit(bad, s.observes)
		w.Reason = s.WordAny(p.Key, bad, w.Culprit)
		return w
	}
	w.Reason = fmt.Sprintf("process %d was answered %s%s, %s", s.H.At(blame.Call).Process, s.Words(blame), words.On(p.Key), f.Reason)
	return w
}

// conflicting finds calls whose zones contradict each other, and drops all that
// are not needed for it.
func (s search) conflicting(spans []view.Span, c *zones.Conflict) []view.Span {
	if len(spans) <= prefixCalls && s.Refined == nil {
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
	return s.minimal(found, spans)
}

// minimal drops calls on a register, then shows where the values came from that the
// others saw, and drops again what that has made needless.
func (s search) minimal(found, all []view.Span) []view.Span {
	bad := func(spans []view.Span) bool {
		if !s.meter.Take(len(spans)) {
			return false
		}
		c, _ := zones.Of(s.View, spans, true)
		return c != nil
	}
again:
	for range 10 {
		found = s.sources(s.shrink(found, bad), all)
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
func (s search) without(spans []view.Span, i int) (rest []view.Span) {
	gone, _ := s.Access(spans[i])
	for j, sp := range spans {
		if a, _ := s.Access(sp); j != i && !(gone.Writes && a.Reads && a.Saw == gone.Put) {
			rest = append(rest, sp)
		}
	}
	return rest
}

// unfounded returns the first call, if there is one, that saw a value which
// nobody can have written before it returned.
func (s search) unfounded(spans []view.Span) (first view.Span, found bool) {
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
			return first, false // it may write whatever
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

// sources adds to calls on a register those that wrote what they saw, so that a
// reader sees where it came from.
func (s search) sources(spans, all []view.Span) []view.Span {
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

// firstBad returns the first instant by which a history is bad. No answer can
// make good what went before.
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

// shrink drops calls as long as the rest is bad: half of them at once, then
// quarters, and at last one by one. Those that change nothing go first.
func (s search) shrink(spans []view.Span, bad func([]view.Span) bool) []view.Span {
	rank := func(sp view.Span) int {
		if s.IsPure(sp) {
			return 0
		}
		return 1
	}
	sorting.Stable(spans, func(a, b view.Span) int { return rank(a) - rank(b) })
	for size := (len(spans) + 1) / 2; size >= 1; size /= 2 {
		for i := 0; i < len(spans); {
			rest := slices.Concat(spans[:i], spans[min(i+size, len(spans)):])
			if bad(rest) {
				spans = rest
			} else {
				i += size
			}
		}
	}
	return spans
}

// culprit returns the last call that saw something, or the last of all.
func culprit(spans []view.Span, observes func(view.Span) bool) int {
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
func (s search) observes(sp view.Span) bool {
	a, ok := s.Access(sp)
	return sp.Known && (!ok || a.Reads)
}

// evident adds to calls those that show what the others read and wrote, and drops
// what that makes needless.
func (s search) evident(spans, all []view.Span) []view.Span {
	if s.Refined == nil {
		return spans
	}
	for _, sp := range spans {
		if by, ok := s.Refined.Shows(sp); ok && !slices.Contains(spans, by) {
			spans = append(spans, by)
		}
	}
	slices.SortFunc(spans, func(a, b view.Span) int { return a.Call - b.Call })
	return s.with(s.Unrefined()).reduce(spans, all)
}
