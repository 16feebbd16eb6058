package checker

import (
	"context"
	"slices"
	"time"

	"github.com/capsize-go/capsize/history"
)

// reduceWithin bounds the time for making a counter-example of a search smaller.
const reduceWithin = 1500 * time.Millisecond

// searched finds few calls that contradict each other on their own, where values
// do not tell. It starts from the shortest prefix of the history that is bad, which a
// frontier finds on its way, and drops calls as long as the rest is still bad.
//
// Without a write, a read of what it wrote is always wrong, which proves nothing.
// So whoever drops a call drops those as well whose answers no remaining call explains.
func (s source[S, In, Out]) searched(ctx context.Context, spans []span) []span {
	ctx, cancel := context.WithTimeout(ctx, reduceWithin)
	defer cancel()
	end := s.frontier(spans).run(ctx)
	if end.by != nil || end.ok {
		return spans // too hard to take apart
	}
	var calls []span
	for _, sp := range spans {
		if sp.call < end.at {
			calls = append(calls, sp)
		}
	}
	calls = s.settle(calls)
	explained := s.explained(ctx, calls)
	for i, sp := range calls { // what returned earlier has been explained
		if sp.known && sp.ret >= end.at && !explained(i) {
			return []span{sp}
		}
	}
	return s.reduce(ctx, calls)
}

// reduce drops calls as long as the rest is bad.
func (s source[S, In, Out]) reduce(ctx context.Context, calls []span) []span {
	try := func(rest []span) ([]span, bool) {
		rest = s.founded(ctx, rest)
		return rest, s.bad(ctx, rest)
	}
	// Those that change nothing go first: they leave the others as they are.
	slices.SortStableFunc(calls, func(a, b span) int { return btoi(!s.pure(a)) - btoi(!s.pure(b)) })
	for size := (len(calls) + 1) / 2; size >= 1; {
		dropped := false
		for i := 0; i < len(calls) && ctx.Err() == nil; {
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

// bad reports whether calls are certainly not linearizable.
func (s source[S, In, Out]) bad(ctx context.Context, spans []span) bool {
	s, c := s.refine(spans)
	if c != nil {
		return true
	}
	if d, ok := s.quick(spans); ok {
		return !d.ok
	}
	end := s.frontier(spans).run(ctx)
	return end.by == nil && !end.ok
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// founded leaves out the calls whose answers none of the others explains.
func (s source[S, In, Out]) founded(ctx context.Context, calls []span) []span {
	for ctx.Err() == nil {
		explained := s.explained(ctx, calls)
		kept := make([]span, 0, len(calls))
		for i, sp := range calls {
			if !sp.known || explained(i) {
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
func (s source[S, In, Out]) explained(ctx context.Context, calls []span) func(i int) bool {
	if s.m.founded != nil {
		facts := s.facts(calls)
		return func(i int) bool { return s.m.founded(facts[i], facts) }
	}
	if since, ok := s.since(calls); ok {
		return func(i int) bool {
			a, _ := s.access(calls[i])
			at, ok := since[a.Saw]
			return !a.Reads || ok && at < calls[i].ret
		}
	}
	return func(i int) bool { return s.plausible(ctx, calls, i) }
}

// since returns from when on each value may have been in a register, whatever the
// calls were answered. It returns false if the object is none.
func (s source[S, In, Out]) since(calls []span) (map[S]int, bool) {
	if s.m.Access == nil && s.refined == nil {
		return nil, false
	}
	at := map[S]int{s.m.Init: -1}
	var swaps []span
	put := func(v S, from int) bool {
		old, ok := at[v]
		if ok = ok && old <= from; !ok {
			at[v] = from
		}
		return !ok
	}
	for _, sp := range calls {
		a, ok := s.access(sp)
		switch {
		case !ok:
			return nil, false
		case a.Reads && a.Writes:
			swaps = append(swaps, sp)
		case a.Writes:
			put(a.Put, sp.call)
		}
	}
	for more := true; more; {
		more = false
		for _, sp := range swaps {
			a, _ := s.access(sp)
			if from, ok := at[a.Saw]; ok && put(a.Put, max(from, sp.call)) {
				more = true
			}
		}
	}
	return at, true
}

// plausible asks the model itself: the other calls may have happened at any time
// after they were invoked, or not at all.
func (s source[S, In, Out]) plausible(ctx context.Context, calls []span, i int) bool {
	var loose []span
	for j, sp := range calls {
		switch {
		case j == i:
			loose = append(loose, sp)
		case sp.call < calls[i].ret && !s.pure(sp):
			loose = append(loose, span{call: sp.call, ret: never, end: -1})
		}
	}
	slices.SortFunc(loose, func(a, b span) int { return a.call - b.call })
	end := s.frontier(loose).run(ctx)
	return end.ok || end.by != nil
}

// Without returns calls without the i-th of them, and without those whose answers
// no call that is left explains: who takes away a write must not blame the read
// of what it wrote. That is what [Why] means by the fewest calls: the calls of a
// counter-example are not linearizable, and without any one of them, in this
// sense, they are.
//
// A read of a register is explained by a call that was invoked before it
// returned and may have put there what it saw, a dequeue by an enqueue of its value, and so
// on: whatever other calls were answered, and whenever they returned. A call that saw
// the initial state needs no explanation.
func (m Model[S, In, Out]) Without(calls []history.Call, i int) []history.Call {
	h := history.Of()
	for _, c := range calls {
		for n := max(c.Invoke.Index, c.Complete.Index); h.Len() <= n; {
			h.Add(history.Op{Process: history.Nemesis, Type: history.Info})
		}
	}
	ops := slices.Collect(h.Ops())
	var rest []span
	for j, c := range calls {
		ops[c.Invoke.Index] = c.Invoke
		if !c.Open() {
			ops[c.Complete.Index] = c.Complete
		}
		if j != i && c.Complete.Type != history.Fail {
			rest = append(rest, spanOf(c))
		}
	}
	s := source[S, In, Out]{m: m, h: history.Of(ops...)}
	var left []history.Call
	for _, sp := range s.founded(context.Background(), rest) {
		left = append(left, s.call(sp))
	}
	return left
}
