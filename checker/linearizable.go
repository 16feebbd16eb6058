package checker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/history"
)

// An Option changes how [Linearizable] works.
type Option func(*settings)

type settings struct {
	within time.Duration
	memory int
}

// Within bounds the time that a check may take: 30 s unless it is given. A check
// that takes longer ends with Unknown.
func Within(d time.Duration) Option { return func(s *settings) { s.within = d } }

// Memory bounds what the searches of a check may hold in memory, in bytes and
// roughly: 1 GiB unless it is given. A search that needs more ends; if no other
// finds an answer, the check ends with Unknown. What is decided without a search, and the
// history itself, do not count.
func Memory(bytes int) Option { return func(s *settings) { s.memory = bytes } }

// Most keys that are explained, and listed in a result.
const (
	maxExplained = 8
	maxParts     = 100
)

var errMemory = errors.New("the memory for this check was used up")

// Linearizable returns a checker for histories of an object like m: whether
// there is an order of the calls in which m gives the same answers, and in which
// each call stands between its invocation and its completion (Herlihy and Wing,
// Linearizability, 1990).
//
// A call that failed never happened. One whose outcome is unknown may have happened
// at any time after its invocation, or not at all. Each key is judged on its own.
//
// A history of a register whose written values are unique is decided in
// O(n log n) by the zones of its values; so are queues, stacks, priority queues, sets,
// counters, logs and ids where their models say so. Anything else takes a search: one that
// goes deep, one that follows few ways in which calls may have happened, and at last two
// that leave none out, side by side; the first answer counts. If time ([Within]) or
// memory ([Memory]) end before that, the verdict is Unknown, and the reason says which of
// them ended, and how many calls had been decided.
func Linearizable[S comparable, In, Out any](m Model[S, In, Out], opts ...Option) Checker {
	m.check()
	set := settings{within: 30 * time.Second, memory: 1 << 30}
	for _, o := range opts {
		o(&set)
	}
	return Func(func(ctx context.Context, h *history.History) Result {
		ctx, cancel := context.WithTimeoutCause(ctx, set.within, fmt.Errorf("the %v for this check ended", set.within))
		defer cancel()
		return source[S, In, Out]{m: m, h: h, memory: set.memory}.check(ctx)
	})
}

// check judges key by key, and sums up.
func (s source[S, In, Out]) check(ctx context.Context) (r Result) {
	r.Checker = "linearizable"
	defer func() {
		if p := recover(); p != nil { // in a hook of the model: Step has its own
			r = Result{Checker: r.Checker, Verdict: Unknown, Reason: fmt.Sprintf("the %s model panicked: %v", s.m.Name, p)}
		}
	}()
	parts, bad := s.split()
	if bad != nil {
		return s.garbledResult(bad)
	}
	calls, counts := 0, [3]int{}
	for _, p := range parts {
		calls += len(p.spans)
		one := s.judge(ctx, p, counts[Invalid] < maxExplained)
		counts[one.Verdict]++
		if one.Verdict == Valid {
			continue
		}
		if len(r.Parts) < maxParts {
			r.Parts = append(r.Parts, one)
		}
		r.Verdict = max(r.Verdict, one.Verdict)
	}
	s.sumUp(ctx, &r, parts, calls, counts)
	return r
}

// sumUp words the reason, and picks the counter-example that shows first.
func (s source[S, In, Out]) sumUp(ctx context.Context, r *Result, parts []*part, calls int, counts [3]int) {
	keyed := s.m.Key != nil
	switch {
	case r.Verdict == Invalid && keyed:
		r.Reason = fmt.Sprintf("%s not linearizable", areOf(counts[Invalid], len(parts), "key"))
	case r.Verdict == Invalid:
		r.Reason = fmt.Sprintf("%s are not linearizable", plural(calls, "call"))
	case r.Verdict == Unknown && keyed:
		r.Reason = fmt.Sprintf("%s undecided; %s", areOf(counts[Unknown], len(parts), "key"), r.Parts[0].Reason)
	case r.Verdict == Unknown:
		r.Reason = r.Parts[0].Reason
	case keyed:
		r.Reason = fmt.Sprintf("%s on %s are linearizable", plural(calls, "call"), plural(len(parts), "key"))
	default:
		r.Reason = fmt.Sprintf("%s are linearizable", plural(calls, "call"))
	}
	first := -1
	for i, p := range r.Parts {
		if p.Why != nil && (first < 0 || p.Why.shows() < r.Parts[first].Why.shows()) {
			first = i
		}
	}
	if first < 0 {
		return
	}
	r.Why = r.Parts[first].Why
	for _, p := range parts {
		if p.key == r.Why.Key {
			if page := s.page(ctx, p.spans, pageSteps); page != nil {
				r.Files = map[string][]byte{"linearizable.html": page}
			}
		}
	}
	if !keyed {
		r.Parts = nil
	}
}

// shows returns the instant from which on the counter-example is one.
func (w *Why) shows() int {
	at := 0
	for _, c := range w.Calls {
		at = max(at, c.Invoke.Index, c.Complete.Index)
	}
	return at
}

func (s source[S, In, Out]) garbledResult(bad *garbled) Result {
	r := Result{Checker: "linearizable", Verdict: Unknown, Reason: bad.reason}
	if bad.answer {
		r.Verdict = Invalid
		for c := range s.h.Calls() {
			if c.Complete.Index == bad.op.Index {
				r.Why = &Why{Key: c.Invoke.Key, Reason: bad.reason, Calls: []history.Call{c}, Of: s.h.Len()}
			}
		}
	}
	return r
}

// judge decides one key, by the cheapest algorithm that can tell.
func (s source[S, In, Out]) judge(ctx context.Context, p *part, explain bool) Result {
	r := Result{Checker: p.key}
	if r.Checker == "" {
		r.Checker = s.m.Name
	}
	for _, spans := range s.finer(p.spans) {
		of, d := s.decide(ctx, spans)
		switch {
		case d.err != nil:
			r.Verdict = max(r.Verdict, Unknown)
			r.Reason = fmt.Sprintf("could not tell whether the %s%s are linearizable: %v", plural(len(p.spans), "call"), on(p.key), d.err)
		case !d.ok:
			r.Verdict = Invalid
			r.Reason = fmt.Sprintf("%s%s are not linearizable", plural(len(p.spans), "call"), on(p.key))
			if explain {
				r.Why = of.explain(ctx, &part{key: p.key, spans: spans}, d)
				r.Why.Of = len(p.spans)
				of.core(ctx, r.Why, spans)
				r.Reason = r.Why.Reason
			}
			return r
		}
	}
	return r
}

// A stepError says at which call a model could not go on.
type stepError struct {
	model, op string
	cause     any
}

func (e *stepError) Error() string {
	return fmt.Sprintf("the %s model panicked at %s: %v", e.model, e.op, e.cause)
}

// step asks the model. A model that panics must not end the whole test, which
// has more to report than that.
func (s source[S, In, Out]) step(state S, sp span) (next S, ok bool, err error) {
	return s.stepAsked(state, asked[In, Out]{sp, s.in(sp), s.out(sp)})
}

func (s source[S, In, Out]) stepAsked(state S, c asked[In, Out]) (next S, ok bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &stepError{s.m.Name, fmt.Sprintf("%v, %s", s.describeSafely(c.span), place(s.h.At(c.call))), p}
		}
	}()
	next, ok = s.m.Step(state, c.in, c.out)
	return next, ok, nil
}

func (s source[S, In, Out]) describeSafely(sp span) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("%v", s.in(sp))
		}
	}()
	return s.describe(sp)
}
