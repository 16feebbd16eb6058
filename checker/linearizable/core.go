package linearizable

import (
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/internal/sorting"
)

// maxCore is the most calls on a key among which the core of a counterexample is looked for.
const maxCore = 10_000

// core finds which calls of a counterexample contradict each other, and which only show
// where values came from. A call is a constraint: it happened, in its time, and was answered so. The core is
// a minimal unsatisfiable subset of these constraints (Liffiton and Sakallah 2008): the other calls on the key, those shown
// included, are optional. Fewer constraints are never harder to satisfy, so it is
// enough to try without each of them once.
//
// The write of a value that was read is mostly not in the core. An optional write justifies the read as well: what
// proves a stale read is that it began after another write had ended.
//
// If the calls shown are satisfiable with the others optional, or there are many others, the core is one of the
// calls shown alone: where values are unique, other calls can't justify an answer anyway.
func (s explanation) core(w *checker.Counterexample, all []view.Span) {
	s.search = s.with(s.WithoutInference()) // inference takes answers of calls that are optional here
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
	if len(all) > maxCore || !s.robustlyInvalid(shown, all) {
		all = slices.Clone(shown)
	}
	core := slices.Clone(shown)
	sorting.Stable(core, func(a, b view.Span) int { // the call to blame is the last that is tried without
		return view.BoolInt(place[a.Call] == w.Blamed) - view.BoolInt(place[b.Call] == w.Blamed)
	})
	for i := 0; i < len(core); {
		if rest := slices.Concat(core[:i], core[i+1:]); s.robustlyInvalid(rest, all) {
			core = rest
		} else {
			i++
		}
	}
	for _, sp := range core {
		w.Core = append(w.Core, place[sp.Call])
	}
	slices.Sort(w.Core)
	if w.Blamed >= 0 && len(core) > 0 && !slices.Contains(w.Core, w.Blamed) {
		blame := core[blamed(core, s.observes)]
		w.Blamed = place[blame.Call]
		w.Reason = s.GenericReason(w.Key, shown, slices.Index(shown, blame))
	}
}
