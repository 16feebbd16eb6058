package linearizable

import (
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/internal/sorting"
)

// maxCore is the most calls on a key among which the core of a counter-example is looked for.
const maxCore = 10_000

// core finds out which calls of a counter-example contradict each other, and which only show
// where values came from. A call is a constraint: it happened, in its time, and was answered so. The core is
// a smallest set of constraints that cannot all be met, in the sense in which a solver speaks of a minimal
// unsatisfiable core: whatever becomes of all other calls on the key, those shown with it included, of which each may have
// happened in its time or not. As fewer constraints are never harder to meet, it is
// enough to try without each of them once.
//
// The write of a value that was seen is mostly no part of it. That it may have happened is
// enough for the read to make sense, and whether it did changes nothing: what proves a stale read is
// that it began after another write had ended.
//
// If the calls shown are not enough whatever the others did, or there are many others, the core is one of the
// calls shown, as if there were no others: where values are unique, others are of no help anyway.
func (s search) core(w *checker.Why, all []view.Span) {
	s = s.with(s.Unrefined()) // it is drawn from the answers of calls that may not have happened
	place := make(map[int]int, len(w.Calls))
	for i, c := range w.Calls {
		place[c.Invoke.Index] = i
	}
	var shown []view.Span
	for _, sp := range all {
		if _, ok := place[sp.Call]; ok {
			shown = append(shown, sp)
		}
	}
	if len(all) > maxCore || !s.regardless(shown, all) {
		all = slices.Clone(shown)
	}
	core := slices.Clone(shown)
	sorting.Stable(core, func(a, b view.Span) int { // the culprit is the last that is tried without
		return view.BoolInt(place[a.Call] == w.Culprit) - view.BoolInt(place[b.Call] == w.Culprit)
	})
	for i := 0; i < len(core); {
		if rest := slices.Concat(core[:i], core[i+1:]); s.regardless(rest, all) {
			core = rest
		} else {
			i++
		}
	}
	for _, sp := range core {
		w.Core = append(w.Core, place[sp.Call])
	}
	slices.Sort(w.Core)
	if w.Culprit >= 0 && len(core) > 0 && !slices.Contains(w.Core, w.Culprit) {
		blame := core[culprit(core, s.observes)]
		w.Culprit = place[blame.Call]
		w.Reason = s.WordAny(w.Key, shown, slices.Index(shown, blame))
	}
}
