package checker

import (
	"context"
	"slices"
	"time"
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
	for i, sp := range calls {
		if ctx.Err() == nil && sp.known && !s.plausible(ctx, calls, i) {
			return []span{sp}
		}
	}
	return s.reduce(ctx, calls)
}

// reduce drops calls as long as the rest is bad.
func (s source[S, In, Out]) reduce(ctx context.Context, calls []span) []span {
	try := func(rest []span) ([]span, bool) {
		rest = s.founded(ctx, rest)
		end := s.frontier(rest).run(ctx)
		return rest, end.by == nil && !end.ok
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

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// founded leaves out the calls whose answers none of the others explains.
func (s source[S, In, Out]) founded(ctx context.Context, calls []span) []span {
	for {
		kept := make([]span, 0, len(calls))
		for i, sp := range calls {
			if !sp.known || s.plausible(ctx, calls, i) {
				kept = append(kept, sp)
			}
		}
		if len(kept) == len(calls) {
			return kept
		}
		calls = kept
	}
}

// plausible reports whether some of the calls explain the answer to one of them,
// whatever they were answered themselves.
func (s source[S, In, Out]) plausible(ctx context.Context, calls []span, i int) bool {
	if s.m.Access != nil || s.refined != nil {
		if a, ok := s.access(calls[i]); ok {
			return !a.Reads || a.Saw == s.m.Init || slices.ContainsFunc(calls, func(sp span) bool {
				b, ok := s.access(sp)
				return sp.call < calls[i].ret && (!ok || b.Writes && b.Put == a.Saw)
			})
		}
	}
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
