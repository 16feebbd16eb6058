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

func settle(opts []Option) settings {
	set := defaults()
	for _, o := range opts {
		o(&set)
	}
	return set
}

// Steps bounds the work of a check: 50 million steps unless it is given, which take a processor some
// 20 to 60 s. A step is a configuration that a search visits; a question to [Model.Step] counts four. What is
// decided without a search takes none. Each key has an equal part of the steps; what one leaves is for the others, so a
// key that is hard leaves no other one undecided. A check that needs more ends with Unknown. As steps are counted, and time
// is not, a history has the same verdict on any machine: Unknown with fewer steps than its search needs,
// and always the same one with more.
func Steps(n int) Option { return func(s *settings) { s.steps = n } }

// ExplainSteps bounds the work of [Result.Explain] for each key: 400,000 steps unless it is given, a few
// tenths of a second at most. A counter-example that needs more is not the smallest, and [Why.Note] says so. The
// verdict never depends on it.
func ExplainSteps(n int) Option { return func(s *settings) { s.explain = n } }

// Within bounds the time that a check may take, its explanation included. Unless it is given there is no such bound, and
// [Steps] and [Memory] are what ends a check. It is the last resort for a model whose Step is slow: a
// check ends within d and one Step, with Unknown, which then depends on how fast the machine is.
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
// that leave none out, in turns; the first answer counts. If the budget ([Steps]) or the
// memory ([Memory]) ends before that, the verdict is Unknown, and the reason says which of
// them ended, and how many calls had been decided.
//
// The result has the verdict alone. [Result.Explain] finds the counter-example.
func Linearizable[S comparable, In, Out any](m Model[S, In, Out], opts ...Option) Checker {
	return linearizable(erase(m), opts...)
}

func linearizable(m anyModel, opts ...Option) Checker {
	set := settle(opts)
	return named("linearizable", Func(func(ctx context.Context, h *history.History) Result {
		limited, cancel := set.limited(ctx, 0)
		defer cancel()
		s := search{source: m.of(h), memory: set.memory, meter: newMeter(limited, set.steps, "this check")}
		return s.check(set)
	}))
}

// check judges key by key, and sums up.
func (s search) check(set settings) (r Result) {
	began := set.clock()
	r.Checker = "linearizable"
	defer func() {
		if p := recover(); p != nil { // in a hook of the model: Step has its own
			r = Result{Checker: r.Checker, Verdict: Unknown, Reason: fmt.Sprintf("the %s model panicked: %v", s.name, p)}
		}
	}()
	parts, bad := s.split()
	if bad != nil {
		return bad.result(s.h)
	}
	var proofs []proof
	calls, counts := 0, [3]int{}
	for i, one := range s.judgeAll(parts) {
		calls += len(parts[i].spans)
		proved := one.proved
		counts[one.Verdict]++
		if one.Verdict == Valid {
			continue
		}
		if len(r.Parts) < maxParts {
			if one.Verdict == Invalid && len(proofs) < maxExplained {
				proved.place = len(r.Parts)
				proofs = append(proofs, proved)
			}
			r.Parts = append(r.Parts, one.Result)
		}
		r.Verdict = max(r.Verdict, one.Verdict)
	}
	s.sumUp(&r, len(parts), calls, counts)
	if len(proofs) > 0 {
		r.later = &deferred{explain: s.explainer(set, proofs, began())}
	}
	return r
}

// sumUp words the reason.
func (s search) sumUp(r *Result, keys, calls int, counts [3]int) {
	verb := "are"
	if calls == 1 {
		verb = "is"
	}
	switch {
	case r.Verdict == Invalid && s.keyed:
		r.Reason = fmt.Sprintf("%s not linearizable", areOf(counts[Invalid], keys, "key"))
	case r.Verdict == Invalid:
		r.Reason = fmt.Sprintf("%s %s not linearizable", plural(calls, "call"), verb)
	case r.Verdict == Unknown && s.keyed:
		r.Reason = fmt.Sprintf("%s undecided; %s", areOf(counts[Unknown], keys, "key"), r.Parts[0].Reason)
	case r.Verdict == Unknown:
		r.Reason = r.Parts[0].Reason
	case s.keyed:
		r.Reason = fmt.Sprintf("%s on %s %s linearizable", plural(calls, "call"), plural(keys, "key"), verb)
	default:
		r.Reason = fmt.Sprintf("%s %s linearizable", plural(calls, "call"), verb)
	}
	if !s.keyed && r.Verdict == Invalid {
		r.Parts = nil
	}
}

// judge decides one key, by the cheapest algorithm that can tell. If the key is not linearizable, it
// returns what shows that.
func (s search) judge(p *part) (r Result, proved proof) {
	r.Checker = p.key
	if r.Checker == "" {
		r.Checker = s.name
	}
	for _, spans := range s.apart(p.spans) {
		of, d := s.decide(spans)
		switch {
		case d.err != nil:
			r.Verdict = max(r.Verdict, Unknown)
			r.Reason = fmt.Sprintf("could not tell whether the %s%s are linearizable: %v", plural(len(p.spans), "call"), on(p.key), d.err)
		case !d.ok:
			r.Verdict = Invalid
			r.Reason = fmt.Sprintf("%s%s are not linearizable", plural(len(p.spans), "call"), on(p.key))
			return r, proof{s: of, whole: p, spans: spans, found: d}
		}
	}
	return r, proved
}
