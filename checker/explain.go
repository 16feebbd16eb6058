package checker

import (
	"fmt"
	"slices"
	"sort"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
)

// prefixCalls is the most calls among which the violation that shows first is
// looked for. Among more, one that shows early has to do.
const prefixCalls = 50_000

// explain returns the fewest calls on a key that contradict each other, in the
// sense that all would be well without any one of them and those that saw what it
// wrote. It judges parts of the history; it never runs it again. The decision
// says where zones contradict each other, or what else was found.
func (s search) explain(p *part, d decision) *Why {
	c := d.zones
	w := &Why{Key: p.key, Culprit: -1, Of: len(p.spans)}
	var thin span
	var unfounded bool
	var spans []span
	switch {
	case d.found.bad != nil:
		return s.explainFound(p, d.found)
	case c == nil:
		if thin, unfounded = s.unfounded(p.spans); !unfounded {
			spans = s.searched(p.spans, d.at)
		}
	case c.thin != none && p.spans[c.thin].known:
		thin, unfounded = p.spans[c.thin], true
	case c.clash:
		for _, i := range c.ops {
			spans = append(spans, p.spans[i])
		}
		spans = s.evident(spans, p.spans)
	default:
		spans = s.evident(s.conflicting(p.spans, c), p.spans)
	}
	if unfounded {
		w.Calls = []history.Call{s.call(thin)}
		s.wordThin(w, thin)
		return w
	}
	sorting.Func(spans, func(a, b span) int { return a.call - b.call })
	for _, sp := range spans {
		w.Calls = append(w.Calls, s.call(sp))
	}
	w.Culprit = culprit(spans, s.observes)
	if c != nil && !c.clash {
		w.Reason = s.word(p.key, spans, w.Culprit)
	} else {
		w.Reason = s.wordAny(p.key, spans, w.Culprit)
	}
	return w
}

// explainFound returns few of the calls that an algorithm for the object found.
func (s search) explainFound(p *part, f finding) *Why {
	w := &Why{Key: p.key, Culprit: -1, Of: len(p.spans)}
	var bad []span
	for _, i := range f.bad {
		bad = append(bad, p.spans[i])
	}
	blame := bad[0]
	sorting.Func(bad, func(a, b span) int { return a.call - b.call })
	bad = slices.Compact(bad)
	if few := s.reduce(slices.Clone(bad), p.spans); len(few) < len(bad) {
		sorting.Func(few, func(a, b span) int { return a.call - b.call })
		bad = few
	}
	for _, sp := range bad {
		w.Calls = append(w.Calls, s.call(sp))
	}
	if w.Culprit = slices.Index(bad, blame); w.Culprit < 0 {
		w.Culprit = culprit(bad, s.observes)
		w.Reason = s.wordAny(p.key, bad, w.Culprit)
		return w
	}
	w.Reason = fmt.Sprintf("process %d was answered %s%s, %s", s.h.At(blame.call).Process, s.words(blame), on(p.key), f.reason)
	return w
}

// conflicting finds calls whose zones contradict each other, and drops all that
// are not needed for it.
func (s search) conflicting(spans []span, c *conflict) []span {
	if len(spans) <= prefixCalls && s.refined == nil {
		at := firstBad(spans, func(spans []span) bool {
			if !s.meter.take(len(spans) / 8) {
				return false
			}
			c, _ := zonesOf(s.source, spans, false)
			return c != nil
		})
		early := until(spans, at)
		d, _ := zonesOf(s.source, early, false)
		// If a call that had not been answered yet is part of it, the answer matters.
		if d != nil && !slices.ContainsFunc(d.ops, func(i int32) bool { return early[i] != spans[i] }) {
			c = d
		}
	}
	var found []span
	for _, i := range c.ops {
		found = append(found, spans[i])
	}
	return s.minimal(found, spans)
}

// minimal drops calls on a register, then shows where the values came from that the
// others saw, and drops again what that has made needless.
func (s search) minimal(found, all []span) []span {
	bad := func(spans []span) bool {
		if !s.meter.take(len(spans)) {
			return false
		}
		c, _ := zonesOf(s.source, spans, true)
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
func (s search) without(spans []span, i int) (rest []span) {
	gone, _ := s.access(spans[i])
	for j, sp := range spans {
		if a, _ := s.access(sp); j != i && !(gone.Writes && a.Reads && a.Saw == gone.Put) {
			rest = append(rest, sp)
		}
	}
	return rest
}

// unfounded returns the first call, if there is one, that saw a value which
// nobody can have written before it returned.
func (s search) unfounded(spans []span) (first span, found bool) {
	if !s.accessible() {
		return first, false
	}
	put := map[any]bool{}
	for _, v := range s.firsts(spans) {
		put[v] = true
	}
	first.ret = never
	for _, sp := range spans {
		if a, ok := s.access(sp); !ok {
			return first, false // it may write whatever
		} else if a.Writes {
			put[a.Put] = true
		}
	}
	for _, sp := range spans {
		a, _ := s.access(sp)
		if sp.known && a.Reads && !put[a.Saw] && sp.ret < first.ret {
			first, found = sp, true
		}
	}
	return first, found
}

// sources adds to calls on a register those that wrote what they saw, so that a
// reader sees where it came from.
func (s search) sources(spans, all []span) []span {
	saw := map[any]bool{}
	for _, sp := range spans {
		if a, _ := s.access(sp); a.Reads {
			saw[a.Saw] = true
		}
	}
	for _, sp := range all {
		if a, _ := s.access(sp); a.Writes && saw[a.Put] && !slices.Contains(spans, sp) {
			spans = append(spans, sp)
		}
	}
	return spans
}

// firstBad returns the first instant by which a history is bad. No answer can
// make good what went before.
func firstBad(spans []span, bad func([]span) bool) int {
	var ends []int
	for _, sp := range spans {
		if sp.known {
			ends = append(ends, sp.end)
		}
	}
	slices.Sort(ends)
	i := sort.Search(len(ends)-1, func(i int) bool { return bad(until(spans, ends[i])) })
	return ends[i]
}

// shrink drops calls as long as the rest is bad: half of them at once, then
// quarters, and at last one by one. Those that change nothing go first.
func (s search) shrink(spans []span, bad func([]span) bool) []span {
	rank := func(sp span) int {
		if s.isPure(sp) {
			return 0
		}
		return 1
	}
	sorting.Stable(spans, func(a, b span) int { return rank(a) - rank(b) })
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
func culprit(spans []span, observes func(span) bool) int {
	at := -1
	for i, sp := range spans {
		if observes(sp) && (at < 0 || sp.call > spans[at].call) {
			at = i
		}
	}
	if at < 0 {
		at = len(spans) - 1
	}
	return at
}

// observes reports whether the answer to a call says something.
func (s search) observes(sp span) bool {
	a, ok := s.access(sp)
	return sp.known && (!ok || a.Reads)
}

// evident adds to calls those that show what the others read and wrote, and drops
// what that makes needless.
func (s search) evident(spans, all []span) []span {
	if s.refined == nil {
		return spans
	}
	for _, sp := range spans {
		if by, ok := s.refined.shows(sp); ok && !slices.Contains(spans, by) {
			spans = append(spans, by)
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return a.call - b.call })
	return s.with(s.unrefined()).reduce(spans, all)
}
