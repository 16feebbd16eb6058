package linearizable

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// An Option changes how [New] works.
type Option func(*budget.Limits)

// limitsOf returns the default bounds as the options change them.
func limitsOf(opts []Option) budget.Limits {
	set := budget.Default()
	for _, o := range opts {
		o(&set)
	}
	return set
}

// Steps bounds the work of a check: 50 million steps unless it is given, which take a processor some
// 20 to 60 s. A step is a configuration that a search visits; a call of [model.Model.Step] counts four. What is
// decided without a search takes none. Each key has an equal part of the steps, and leaves what it does not need to the others, so a
// hard key leaves no other one undecided. A check that needs more steps ends with Unknown. Steps are counted and not
// time, so a history has the same verdict on any machine: Unknown with fewer steps than its search needs,
// and always the same one with more.
func Steps(n int) Option { return func(s *budget.Limits) { s.Steps = n } }

// ExplainSteps bounds the work of [checker.Result.Explain] for each key: 400,000 steps unless it is given, a few
// tenths of a second at most. A counterexample that needs more is not the smallest, and [checker.Counterexample.Note] says so. The
// verdict does not depend on it.
func ExplainSteps(n int) Option { return func(s *budget.Limits) { s.Explain = n } }

// Within bounds the time that a check may take, its explanation included. Unless it is given there is no such bound, and
// [Steps] and [Memory] end a check. It is the last resort for a model whose Step is slow: a
// check ends within d and one Step, with Unknown, and then the verdict depends on the machine's speed.
func Within(d time.Duration) Option { return func(s *budget.Limits) { s.Within = d } }

// Memory bounds what the searches of a check may hold in memory, in bytes and
// roughly: 1 GiB unless it is given. A search that needs more ends; if no other
// finds an answer, the check ends with Unknown. What is decided without a search, and the
// history itself, do not count.
func Memory(bytes int) Option { return func(s *budget.Limits) { s.Memory = bytes } }

// Most keys that are explained, and listed in a result.
const (
	maxExplained = 8
	maxParts     = 100
)

var errMemory = errors.New("the memory for this check was used up")

// New returns a checker of linearizability (Herlihy and Wing, Linearizability, 1990): whether
// there is an order of the calls in which m gives the same answers, and in which
// each call takes effect between its invocation and its completion.
//
// A call that failed never happened. An indeterminate one may have happened
// at any time after its invocation, or never. Each key is judged on its own.
//
// A history of a register whose written values are unique is decided in
// O(n log n) by the zones of its values; so are queues, stacks, priority queues, sets,
// counters, logs and ids where their models have a decision procedure. Anything else takes a search: depth-first
// with a bound, then just-in-time with few configurations, and then both without a bound
// in turns; the first answer counts. If the budget ([Steps]) or the
// memory ([Memory]) ends before that, the verdict is Unknown, and the reason says which of
// them ended, and how many calls had been decided.
//
// The result has the verdict alone. [checker.Result.Explain] finds the counterexample.
func New[S comparable, In, Out any](m model.Model[S, In, Out], opts ...Option) checker.Checker {
	return linearizable(view.Erase(m), opts...)
}

// linearizable is New for a model without types.
func linearizable(m view.Model, opts ...Option) checker.Checker {
	set := limitsOf(opts)
	return wording.Named("linearizable", checker.Func(func(ctx context.Context, h *history.History) checker.Result {
		limited, cancel := set.Context(ctx, 0)
		defer cancel()
		s := search{View: m.Of(h), memory: set.Memory, meter: budget.New(limited, set.Steps, "this check")}
		return s.check(set)
	}))
}

// check judges key by key, and sums up the verdicts. It keeps proofs of the first invalid keys, to explain them later.
func (s search) check(set budget.Limits) (r checker.Result) {
	began := set.Clock()
	r.Checker = "linearizable"
	defer func() {
		if p := recover(); p != nil { // in a hook of the model: Step has its own
			r = checker.Result{Checker: r.Checker, Verdict: checker.Unknown, Reason: fmt.Sprintf("the %s model panicked: %v", s.Name, p)}
		}
	}()
	parts, bad := s.Split()
	if bad != nil {
		return bad.Result(s.H)
	}
	var proofs []proof
	calls, counts := 0, [3]int{}
	for i, one := range s.judgeAll(parts) {
		calls += len(parts[i].Spans)
		proved := one.proved
		counts[one.Verdict]++
		if one.Verdict == checker.Valid {
			continue
		}
		if len(r.Parts) < maxParts {
			if one.Verdict == checker.Invalid && len(proofs) < maxExplained {
				proved.place = len(r.Parts)
				proofs = append(proofs, proved)
			}
			r.Parts = append(r.Parts, one.Result)
		}
		r.Verdict = max(r.Verdict, one.Verdict)
	}
	s.sumUp(&r, len(parts), calls, counts)
	if len(proofs) > 0 {
		r.Later = &checker.Deferred{Explain: s.explainer(set, proofs, began())}
	}
	return r
}

// sumUp sets the reason, from how many keys have which verdict.
func (s search) sumUp(r *checker.Result, keys, calls int, counts [3]int) {
	verb := "are"
	if calls == 1 {
		verb = "is"
	}
	switch {
	case r.Verdict == checker.Invalid && s.Keyed:
		r.Reason = words.AreOf(counts[checker.Invalid], keys, "key") + " not linearizable"
		if keys > 1 && counts[checker.Invalid] == keys {
			r.Reason = "none of the " + words.Plural(keys, "key") + " is linearizable"
		}
	case r.Verdict == checker.Invalid:
		r.Reason = fmt.Sprintf("%s %s not linearizable", words.Plural(calls, "call"), verb)
	case r.Verdict == checker.Unknown && s.Keyed:
		r.Reason = fmt.Sprintf("%s undecided; %s", words.AreOf(counts[checker.Unknown], keys, "key"), r.Parts[0].Reason)
	case r.Verdict == checker.Unknown:
		r.Reason = r.Parts[0].Reason
	case s.Keyed:
		r.Reason = fmt.Sprintf("%s on %s %s linearizable", words.Plural(calls, "call"), words.Plural(keys, "key"), verb)
	default:
		r.Reason = fmt.Sprintf("%s %s linearizable", words.Plural(calls, "call"), verb)
	}
	if !s.Keyed && r.Verdict == checker.Invalid {
		r.Parts = nil
	}
}

// judge decides one key, each of its independent parts by the cheapest algorithm that can. If the key is not linearizable, it
// returns the proof.
func (s search) judge(p *view.Part) (r checker.Result, proved proof) {
	r.Checker = p.Key
	if r.Checker == "" {
		r.Checker = s.Name
	}
	for _, spans := range s.subpartition(p.Spans) {
		of, d := s.decide(spans)
		switch {
		case d.err != nil:
			r.Verdict = max(r.Verdict, checker.Unknown)
			r.Reason = fmt.Sprintf("could not decide whether the %s%s are linearizable: %v", words.Plural(len(p.Spans), "call"), words.On(p.Key), d.err)
		case !d.ok:
			r.Verdict = checker.Invalid
			r.Reason = fmt.Sprintf("%s%s are not linearizable", words.Plural(len(p.Spans), "call"), words.On(p.Key))
			return r, proof{s: of, whole: p, spans: spans, decision: d}
		}
	}
	return r, proved
}
