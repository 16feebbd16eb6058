package linearizable

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// longProof is how many calls are too many to look at.
const longProof = 10

// searched finds few calls that contradict each other on their own, where values
// do not tell. It starts from the shortest prefix of the history that is bad, which ends
// where the search found no way on, and drops calls as long as the rest is still bad.
//
// Without a write, a read of what it wrote is always wrong, which proves nothing.
// So whoever drops a call drops those as well whose answers no remaining call explains.
func (s search) searched(spans []view.Span, at int) []view.Span {
	var calls, all []view.Span // those that were asked before the violation, and before the last of them returned
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
	calls, all = s.settle(calls), s.settle(all)
	explained := s.explained(all)
	for i, sp := range all { // what returned earlier has been explained
		if sp.Known && sp.Call < at && sp.Ret >= at && !explained(i) {
			return []view.Span{sp}
		}
	}
	return s.reduce(calls, all)
}

// maxReduced is the most calls among which a counter-example is made smaller.
const maxReduced = 100_000

// reduce drops calls as long as the rest is bad, on its own and whatever became of the
// others of all: who drops a release must not blame the next acquisition. If
// that leaves many, which is so if calls of unknown outcome may have helped, it goes
// on until the rest is bad on its own.
func (s search) reduce(calls, all []view.Span) []view.Span {
	if len(all) > maxReduced {
		s.meter.Missed(fmt.Errorf("%s are too many", words.Plural(len(all), "call")))
		return calls
	}
	few := s.honest(calls, all)
	if len(few) <= longProof {
		return few
	}
	s = s.metered(s.short)
	return s.dropping(s.dropOrder(few, 0), s.foundedBad)
}

// honest drops calls as long as the rest is bad whatever became of them.
func (s search) honest(calls, all []view.Span) []view.Span {
	try := func(rest []view.Span) ([]view.Span, bool) {
		rest, bad := s.foundedBad(rest)
		return rest, bad && s.regardless(rest, all)
	}
	var few []view.Span
	for order := range dropOrders {
		got := s.dropping(s.dropOrder(calls, order), try)
		alone := s.holds(got)
		if few == nil || alone {
			few = got
		}
		if alone {
			break
		}
	}
	return few
}

// dropOrders is in how many orders it is tried to drop calls.
const dropOrders = 8

// dropOrder returns calls in the order in which to drop them. At first, those that
// change nothing go first: they leave the others as they are.
func (s search) dropOrder(calls []view.Span, order int) []view.Span {
	calls = slices.Clone(calls)
	if order%2 == 1 {
		slices.Reverse(calls)
	}
	if order < 2 {
		sorting.Stable(calls, func(a, b view.Span) int { return view.BoolInt(!s.IsPure(a)) - view.BoolInt(!s.IsPure(b)) })
	}
	cut := len(calls) * (order / 2) / (dropOrders / 2)
	return slices.Concat(calls[cut:], calls[:cut])
}

// dropping drops calls as long as try says that the rest is bad: first many at
// once, at last one by one.
func (s search) dropping(calls []view.Span, try func([]view.Span) ([]view.Span, bool)) []view.Span {
	for size := (len(calls) + 1) / 2; size >= 1; {
		dropped := false
		for i := 0; i < len(calls) && s.meter.Err == nil; {
			rest := slices.Concat(calls[:i], calls[min(i+size, len(calls)):])
			if rest, bad := try(rest); bad && len(rest) < len(calls) {
				calls, dropped = rest, true
			} else {
				i += size
			}
		}
		if size > 1 || !dropped {
			size /= 2
		}
	}
	return calls
}

// holds reports whether calls are in order without any one of them, even if none of
// the others helps.
func (s search) holds(calls []view.Span) bool {
	for i := range calls {
		if s.bad(s.founded(slices.Concat(calls[:i], calls[i+1:]))) {
			return false
		}
	}
	return true
}

// regardless reports whether calls are certainly not linearizable, even if each of
// the others may have happened, at its time, or not.
func (s search) regardless(calls, all []view.Span) bool {
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
	loose := make([]view.Span, 0, len(all))
	for _, sp := range all {
		sp.Optional = !must[sp.Call]
		if sp.Call < until && !(sp.Optional && (s.IsPure(sp) || s.idle(sp))) {
			loose = append(loose, sp)
		}
	}
	if !s.meter.Take(len(loose)) {
		return false
	}
	f := s.frontier(loose)
	for _, width := range []int{64, 0} {
		f = f.again(width)
		if end := f.run(); s.meter.Missed(end.err) || end.ok || !f.dropped {
			return end.err == nil && !end.ok
		}
	}
	return false
}

// bad reports whether calls are certainly not linearizable.
func (s search) bad(spans []view.Span) bool {
	if !s.meter.Take(len(spans)) {
		return false
	}
	s, c := s.together(spans)
	if c != nil {
		return true
	}
	if d, ok := s.quick(spans); ok {
		return !d.ok
	}
	end := s.frontier(spans).run()
	return !s.meter.Missed(end.err) && !end.ok
}

// foundedBad leaves out the calls whose answers none of the others explains, and reports whether the rest is bad. It asks
// the cheaper question first: calls that are linearizable explain all of their answers.
func (s search) foundedBad(calls []view.Span) ([]view.Span, bool) {
	if !s.bad(calls) {
		return calls, false
	}
	if rest := s.founded(calls); len(rest) < len(calls) {
		return rest, s.bad(rest)
	}
	return calls, true
}

// founded leaves out the calls whose answers none of the others explains.
func (s search) founded(calls []view.Span) []view.Span {
	for s.meter.Take(len(calls)) {
		explained := s.explained(calls)
		kept := make([]view.Span, 0, len(calls))
		for i, sp := range calls {
			if !sp.Known || explained(i) {
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

// explained returns a function that reports whether some of the calls explain the
// answer to one of them, whatever they were answered themselves.
func (s search) explained(of []view.Span) func(i int) bool {
	if s.Hooks.Justified != nil {
		explains := s.Hooks.Justified(view.Calls{H: s.H, Spans: of})
		return func(i int) bool { return !s.meter.Take(len(of)/8) || explains(i) }
	}
	if since, ok := s.since(of); ok {
		return func(i int) bool {
			a, _ := s.Access(of[i])
			at, ok := since[a.Saw]
			return !a.Reads || ok && at < of[i].Ret
		}
	}
	return func(i int) bool { return s.plausible(of, i) }
}

// since returns from when on each value may have been in a register, whatever the
// calls were answered. It returns false if the object is none.
func (s search) since(calls []view.Span) (map[any]int, bool) {
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

// plausible asks the model itself: the other calls may have happened at any time
// after they were invoked, or not at all. An answer counts as explained if a short search does not
// show that it is not.
func (s search) plausible(calls []view.Span, i int) bool {
	if !s.meter.Take(len(calls)) {
		return true
	}
	var loose []view.Span
	for j, sp := range calls {
		switch {
		case j == i:
			loose = append(loose, sp)
		case sp.Call < calls[i].Ret && !s.IsPure(sp):
			loose = append(loose, view.Span{Call: sp.Call, Ret: model.Never, End: -1, At: sp.At})
		}
	}
	sorting.Func(loose, func(a, b view.Span) int { return a.Call - b.Call })
	d := s.frontier(loose).dive(budget.PlausibleEach*len(loose) + 64)
	d.eager = len(d.classes) > 0
	end := d.run()
	return end.err != nil || end.ok
}

// Without returns calls without the i-th of them, and without those whose answers
// no call that is left explains: who takes away a write must not blame the read
// of what it wrote.
//
// That is how a counter-example ([checker.Why]) is as small as it can be, context included. Its calls are not
// linearizable on their own, nor if any other calls on their key happened as well, or did not.
// Without any one of them, in the sense of Without, they are, or would be if
// some of those others happened. Only where such a proof would take more than ten calls, which is so if
// many calls of unknown outcome might have helped, it stops at calls that contradict
// each other on their own.
//
// A read of a register is explained by a call that was invoked before it
// returned and may have put there what it saw, a dequeue by an enqueue of its value, and so
// on: whatever other calls were answered, and whenever they returned. A call that saw
// the initial state needs no explanation.
func Without[S comparable, In, Out any](m model.Model[S, In, Out], calls []history.Call, i int) []history.Call {
	return left(view.Erased(&m), calls, i)
}

func left(m view.Model, calls []history.Call, i int) []history.Call {
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
	s := search{View: m.Of(history.Of(ops...)), meter: budget.Unlimited()}
	var left []history.Call
	for _, sp := range s.founded(rest) {
		left = append(left, s.Call(sp))
	}
	return left
}
