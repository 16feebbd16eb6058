package linearizable

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/ddmin"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// longConflict is the most calls of a counterexample that a person reads easily.
const longConflict = 10

// conflictBySearch finds few calls that contradict each other on their own, for objects that
// only a search decides. It starts from the shortest invalid prefix of the history, which ends
// where the search got stuck, and removes calls as long as the rest is invalid.
//
// Without a write, a read of what it wrote is always wrong, which proves nothing.
// So calls whose answers no remaining call justifies are removed along with it.
func (s explanation) conflictBySearch(spans []view.Span, at int) []view.Span {
	var calls, all []view.Span // those invoked before the violation, and those invoked before the last of them returned
	last := 0
	for _, sp := range spans {
		if sp.Call < at {
			calls = append(calls, sp)
			if sp.Known {
				last = max(last, sp.Ret)
			}
		}
	}
	for _, sp := range spans {
		if sp.Call < last {
			all = append(all, sp)
		}
	}
	calls, all = s.dropNoEffect(calls), s.dropNoEffect(all)
	justified := s.justification(all)
	for i, sp := range all { // the answers of earlier returns are justified: the search passed them
		if sp.Known && sp.Call < at && sp.Ret >= at && !justified(i) {
			return []view.Span{sp}
		}
	}
	return s.minimise(calls, all)
}

// maxMinimised is the most calls from which a counterexample is minimised.
const maxMinimised = 100_000

// minimise removes calls as long as the rest is invalid, on its own and with the others of all
// as optional calls: without that, a counterexample without a release would blame the next acquisition. If
// that leaves many calls, as indeterminate calls may justify much, it goes
// on with the calls that are invalid on their own.
func (s explanation) minimise(calls, all []view.Span) []view.Span {
	if len(all) > maxMinimised {
		s.meter.Missed(fmt.Errorf("%s are too many", words.Plural(len(all), "call")))
		return calls
	}
	minimal := s.minimiseRobust(calls, all)
	if len(minimal) <= longConflict {
		return minimal
	}
	s.search = s.withMeter(s.short)
	return s.ddmin(s.removalOrder(minimal, 0), s.justifiedInvalid)
}

// minimiseRobust removes calls as long as the rest is invalid with the removed ones as optional calls. It tries several
// orders until the result is minimal on its own.
func (s explanation) minimiseRobust(calls, all []view.Span) []view.Span {
	try := func(rest []view.Span) ([]view.Span, bool) {
		rest, bad := s.justifiedInvalid(rest)
		return rest, bad && s.robustlyInvalid(rest, all)
	}
	var minimal []view.Span
	for order := range removalOrders {
		got := s.ddmin(s.removalOrder(calls, order), try)
		alone := s.isMinimal(got)
		if minimal == nil || alone {
			minimal = got
		}
		if alone {
			break
		}
	}
	return minimal
}

// removalOrders is in how many orders minimiseRobust tries to remove calls.
const removalOrders = 8

// removalOrder returns calls in the order in which to remove them. In the first two orders, read-only calls
// come first, since the others do not depend on them.
func (s explanation) removalOrder(calls []view.Span, order int) []view.Span {
	calls = slices.Clone(calls)
	if order%2 == 1 {
		slices.Reverse(calls)
	}
	if order < 2 {
		sorting.Stable(calls, func(a, b view.Span) int { return view.BoolInt(!s.IsPure(a)) - view.BoolInt(!s.IsPure(b)) })
	}
	cut := len(calls) * (order / 2) / (removalOrders / 2)
	return slices.Concat(calls[cut:], calls[:cut])
}

// ddmin removes calls as long as try says that the rest is invalid, until none can go or the budget ends.
func (s explanation) ddmin(calls []view.Span, try func([]view.Span) ([]view.Span, bool)) []view.Span {
	return ddmin.Minimise(calls, try, ddmin.Options{Stop: func() bool { return s.meter.Err != nil }})
}

// isMinimal reports whether calls are linearizable without any one of them, even without the
// optional ones.
func (s explanation) isMinimal(calls []view.Span) bool {
	for i := range calls {
		if s.invalid(s.justified(slices.Concat(calls[:i], calls[i+1:]))) {
			return false
		}
	}
	return true
}

// robustlyInvalid reports whether calls are certainly not linearizable, even with all
// others as optional calls, each in its time.
func (s explanation) robustlyInvalid(calls, all []view.Span) bool {
	if len(calls) == len(all) {
		return true
	}
	must := make(map[int]bool, len(calls))
	until := 0
	for _, sp := range calls {
		must[sp.Call] = true
		if sp.Known {
			until = max(until, sp.Ret)
		}
	}
	optional := make([]view.Span, 0, len(all))
	for _, sp := range all {
		sp.Optional = !must[sp.Call]
		if sp.Call < until && !(sp.Optional && (s.IsPure(sp) || s.noEffect(sp))) {
			optional = append(optional, sp)
		}
	}
	if !s.meter.Take(len(optional)) {
		return false
	}
	f := s.frontier(optional)
	for _, width := range []int{64, 0} {
		f = f.withWidth(width)
		if end := f.run(); s.meter.Missed(end.err) || end.ok || !f.incomplete {
			return end.err == nil && !end.ok
		}
	}
	return false
}

// invalid reports whether calls are certainly not linearizable. It returns false if the budget ends first.
func (s explanation) invalid(spans []view.Span) bool {
	if !s.meter.Take(len(spans)) {
		return false
	}
	of, c := s.infer(spans)
	if c != nil {
		return true
	}
	if d, ok := of.decideDirectly(spans); ok {
		return !d.ok
	}
	end := of.frontier(spans).run()
	return !s.meter.Missed(end.err) && !end.ok
}

// justifiedInvalid removes the calls whose answers none of the others justifies, and reports whether the rest is invalid. It
// decides the cheaper question first: linearizable calls justify all of their answers.
func (s explanation) justifiedInvalid(calls []view.Span) ([]view.Span, bool) {
	if !s.invalid(calls) {
		return calls, false
	}
	if rest := s.justified(calls); len(rest) < len(calls) {
		return rest, s.invalid(rest)
	}
	return calls, true
}

// justified removes the calls whose answers none of the others justifies.
func (s explanation) justified(calls []view.Span) []view.Span {
	for s.meter.Take(len(calls)) {
		justified := s.justification(calls)
		kept := make([]view.Span, 0, len(calls))
		for i, sp := range calls {
			if !sp.Known || justified(i) {
				kept = append(kept, sp)
			}
		}
		if len(kept) == len(calls) {
			break
		}
		calls = kept
	}
	return calls
}

// justification returns a function that reports whether some of the calls justify the
// answer to one of them, whatever their own answers were.
func (s explanation) justification(of []view.Span) func(i int) bool {
	if s.Hooks.Justified != nil {
		explains := s.Hooks.Justified(view.Calls{H: s.H, Spans: of})
		return func(i int) bool { return !s.meter.Take(len(of)/8) || explains(i) }
	}
	if since, ok := s.earliestPut(of); ok {
		return func(i int) bool {
			a, _ := s.Access(of[i])
			at, ok := since[a.Saw]
			return !a.Reads || ok && at < of[i].Ret
		}
	}
	return func(i int) bool { return s.justifiedBySearch(of, i) }
}

// earliestPut returns the earliest instant at which each value may have been in a register, whatever the
// answers of the calls were. It returns false if the object is not a register.
func (s explanation) earliestPut(calls []view.Span) (map[any]int, bool) {
	if !s.Accessible() {
		return nil, false
	}
	at := map[any]int{}
	for _, v := range s.Firsts(calls) {
		at[v] = -1
	}
	var swaps []view.Span
	put := func(v any, from int) bool {
		old, ok := at[v]
		if ok = ok && old <= from; !ok {
			at[v] = from
		}
		return !ok
	}
	for _, sp := range calls {
		a, ok := s.Access(sp)
		switch {
		case !ok:
			return nil, false
		case a.Reads && a.Writes:
			swaps = append(swaps, sp)
		case a.Writes:
			put(a.Put, sp.Call)
		}
	}
	for more := true; more; {
		more = false
		for _, sp := range swaps {
			a, _ := s.Access(sp)
			if from, ok := at[a.Saw]; ok && put(a.Put, max(from, sp.Call)) {
				more = true
			}
		}
	}
	return at, true
}

// justifiedBySearch searches with the model itself: the other calls may take effect at any time
// after they were invoked, or never. An answer counts as justified unless a short search
// shows that it is not.
func (s explanation) justifiedBySearch(calls []view.Span, i int) bool {
	if !s.meter.Take(len(calls)) {
		return true
	}
	var optional []view.Span
	for j, sp := range calls {
		switch {
		case j == i:
			optional = append(optional, sp)
		case sp.Call < calls[i].Ret && !s.IsPure(sp):
			optional = append(optional, view.Span{Call: sp.Call, Ret: model.Never, End: -1, At: sp.At})
		}
	}
	sorting.Func(optional, func(a, b view.Span) int { return a.Call - b.Call })
	d := s.frontier(optional).dfs(budget.JustifyPerCall*len(optional) + 64)
	d.eager = len(d.classes) > 0
	end := d.run()
	return end.err != nil || end.ok
}

// Without returns calls without the i-th of them, and without those whose answers
// no remaining call justifies: without a write, the read
// of what it wrote must go too.
//
// In this sense a counterexample ([checker.Counterexample]) is minimal, context included. Its calls are not
// linearizable on their own, nor with the other calls on their key as optional ones.
// Without any one of them, in the sense of Without, they are, or would be if
// some of those others happened. Only where such a proof would take more than ten calls, because
// many indeterminate calls might justify an answer, the calls contradict
// each other on their own only.
//
// A read of a register is justified by a call that was invoked before it
// returned and may have written what it saw, a dequeue by an enqueue of its value, and so
// on, whatever the answers of other calls were, and whenever they returned. A call that saw
// the initial state needs no justification.
func Without[S comparable, In, Out any](m model.Model[S, In, Out], calls []history.Call, i int) []history.Call {
	return withoutCall(view.Erased(&m), calls, i)
}

// withoutCall is Without for a model without types. It makes a history of the calls alone, with their indexes.
func withoutCall(m view.Model, calls []history.Call, i int) []history.Call {
	h := history.Of()
	for _, c := range calls {
		for n := max(c.Invoke.Index, c.Complete.Index); h.Len() <= n; {
			h.Add(history.Op{Process: history.Nemesis, Type: history.Info})
		}
	}
	ops := slices.Collect(h.Ops())
	var rest []view.Span
	for j, c := range calls {
		ops[c.Invoke.Index] = c.Invoke
		if !c.Open() {
			ops[c.Complete.Index] = c.Complete
		}
		if j != i && c.Complete.Type != history.Fail {
			rest = append(rest, view.SpanOf(c))
		}
	}
	s := explanation{search: search{View: m.Of(history.Of(ops...)), meter: budget.Unlimited()}}
	var left []history.Call
	for _, sp := range s.justified(rest) {
		left = append(left, s.Call(sp))
	}
	return left
}
