package consistency

import (
	"context"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// A violation is calls that break a rule on their own.
type violation struct {
	calls  []int32
	blamed int32 // the call that no order explains, or None
	key    int32 // the key that they touch, or None
	reason string
}

// A rule judges a history. find returns nil if the history is valid, and an error if it can't decide.
type rule struct {
	name  string
	holds string // "are causally consistent"
	find  func(m *budget.Meter, l *sessionHistory) (*violation, error)
}

// ruleChecker returns a checker of a rule for histories of registers. Only those options count that bound steps and time.
func ruleChecker(m view.Model, r rule, opts ...linearizable.Option) checker.Checker {
	set := budget.Default()
	for _, o := range opts {
		o(&set)
	}
	return wording.Named(r.name, checker.Func(func(ctx context.Context, h *history.History) (res checker.Result) {
		defer recovered(&res, r.name, m.Name)
		s := m.Of(h)
		l, no := sessionHistoryOf(s, r.name)
		if no != nil {
			return *no
		}
		if res, bad := thinAirResult(s, r.name, l); bad {
			return res
		}
		ctx, cancel := set.Context(ctx, 0)
		defer cancel()
		return r.judge(budget.New(ctx, set.Steps, "this check"), l)
	}))
}

// recovered turns a panic in a hook of the model into a result.
func recovered(res *checker.Result, name, model string) {
	if p := recover(); p != nil {
		*res = checker.Result{Checker: name, Verdict: checker.Unknown, Reason: fmt.Sprintf("the %s model panicked: %v", model, p)}
	}
}

// thinAirResult is the result for a thin-air read, if there is one:
// no rule allows it.
func thinAirResult(s view.View, name string, l *sessionHistory) (checker.Result, bool) {
	at := l.thinAirRead()
	if at == model.None {
		return checker.Result{}, false
	}
	w := &checker.Counterexample{Key: l.keys[l.calls[at].key], Judged: l.total, Calls: []history.Call{l.call(at)}}
	s.ExplainThinAir(w, l.calls[at].Span)
	return checker.Result{Checker: name, Verdict: checker.Invalid, Reason: w.Reason, Counterexample: w}, true
}

// judge returns what a rule finds as a result.
func (r rule) judge(m *budget.Meter, l *sessionHistory) checker.Result {
	b, err := r.find(m, l)
	res := checker.Result{Checker: r.name}
	switch {
	case err != nil:
		res.Verdict = checker.Unknown
		res.Reason = fmt.Sprintf("could not decide whether the %s %s: %v", words.Plural(l.total, "call"), r.holds, err)
	case b != nil:
		res.Verdict, res.Reason, res.Counterexample = checker.Invalid, b.reason, l.why(b)
	default:
		res.Reason = fmt.Sprintf("%s of %s %s", words.Plural(l.total, "call"), words.Plural(l.processes(), "session"), r.holds)
	}
	return res
}

// processes counts the sessions, without branches of one call.
func (l *sessionHistory) processes() (n int) {
	for _, s := range l.sessions {
		n += view.BoolInt(s.parent == model.None || len(s.calls) > 1)
	}
	return n
}

// why returns a violation as a counterexample, its calls in the order of the history.
func (l *sessionHistory) why(b *violation) *checker.Counterexample {
	w := &checker.Counterexample{Reason: b.reason, Blamed: -1, Judged: l.total}
	if b.key != model.None {
		w.Key = l.keys[b.key]
	}
	slices.Sort(b.calls)
	for i, t := range slices.Compact(b.calls) {
		w.Calls = append(w.Calls, l.call(t))
		if t == b.blamed {
			w.Blamed = i
		}
	}
	return w
}

// minimise returns a minimal violation among these calls. again judges a part of the
// history, and returns a violation of it with its own numbers. If the calls are valid on their own, it minimises all of
// the history, unless that is long.
func (l *sessionHistory) minimise(calls []int32, again func(*sessionHistory) *violation) *violation {
	if b := l.tryMinimise(calls, again); b != nil {
		return b
	}
	const few = 3000
	if all := len(l.calls); all <= few {
		calls = make([]int32, all)
		for i := range calls {
			calls[i] = int32(i)
		}
		if b := l.tryMinimise(calls, again); b != nil {
			return b
		}
	}
	return &violation{calls: l.withWriters(calls), blamed: model.None, key: model.None, reason: "the calls contradict each other"}
}

// tryMinimise is minimise, but returns nil if the calls are valid on their own.
func (l *sessionHistory) tryMinimise(calls []int32, again func(*sessionHistory) *violation) *violation {
	calls = l.withWriters(calls)
	if again(l.only(calls)) == nil {
		return nil
	}
	calls = l.ddmin(calls, func(p *sessionHistory) bool { return again(p) != nil })
	p := l.only(calls)
	b := again(p)
	at := make(map[int]int32, len(calls))
	for _, i := range calls {
		at[l.calls[i].Call] = i
	}
	if b.blamed != model.None {
		b.blamed = at[p.calls[b.blamed].Call]
	}
	b.calls = calls
	return b
}

// withWriters returns calls, sorted, with the writers of what they saw, and the writers of what these saw.
func (l *sessionHistory) withWriters(calls []int32) []int32 {
	in := map[int32]bool{model.None: true}
	var all []int32
	for todo := slices.Clone(calls); len(todo) > 0; {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if in[i] {
			continue
		}
		in[i] = true
		all = append(all, i)
		if t := &l.calls[i]; t.observes() || l.strict && t.saw != model.None {
			todo = append(todo, l.versions[t.saw].writer)
		}
	}
	slices.Sort(all)
	return all
}

// process returns the name of a call's process.
func (l *sessionHistory) process(i int32) string {
	return fmt.Sprintf("process %d", l.h.At(l.calls[i].Call).Process)
}

// describeRead says what a call read: "read 1 from x".
func (l *sessionHistory) describeRead(i int32) string {
	t := &l.calls[i]
	v, from := l.value(t.saw), words.Of(l.keys[t.key], "from")
	switch {
	case t.put != model.None:
		return fmt.Sprintf("found %s%s", v, words.Of(l.keys[t.key], "in"))
	case l.versions[t.saw].initial:
		return fmt.Sprintf("read the initial value %s%s", v, from)
	}
	return fmt.Sprintf("read %s%s", v, from)
}

// valueOn returns the value of a version and its key: "2 to x".
func (l *sessionHistory) valueOn(v int32, preposition string) string {
	return l.value(v) + words.Of(l.keys[l.versions[v].key], preposition)
}
