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

// A breach is a few turns that break a rule on their own.
type breach struct {
	turns   []int32
	culprit int32 // the turn that no order explains, or none
	key     int32 // the key that they are about, or none
	reason  string
}

// A rule judges a logbook. It returns nil if all is well, and an error if it can not tell.
type rule struct {
	name string
	kept string // "are causally consistent"
	find func(m *budget.Meter, l *logbook) (*breach, error)
}

// keeps returns a checker of a rule for histories of registers. Of the options, those count that bound work and time.
func keeps(m view.Model, r rule, opts ...linearizable.Option) checker.Checker {
	set := budget.Default()
	for _, o := range opts {
		o(&set)
	}
	return wording.Named(r.name, checker.Func(func(ctx context.Context, h *history.History) (res checker.Result) {
		defer recovered(&res, r.name, m.Name)
		s := m.Of(h)
		l, no := logbookOf(s, r.name)
		if no != nil {
			return *no
		}
		if res, bad := thinResult(s, r.name, l); bad {
			return res
		}
		ctx, cancel := set.Context(ctx, 0)
		defer cancel()
		return r.judge(budget.New(ctx, set.Steps, "this check"), l)
	}))
}

// recovered makes a panic in a hook of the model a result.
func recovered(res *checker.Result, name, model string) {
	if p := recover(); p != nil {
		*res = checker.Result{Checker: name, Verdict: checker.Unknown, Reason: fmt.Sprintf("the %s model panicked: %v", model, p)}
	}
}

// thinResult complains about a value that was seen without having been written:
// no rule allows for that.
func thinResult(s view.View, name string, l *logbook) (checker.Result, bool) {
	at := l.thin()
	if at == model.None {
		return checker.Result{}, false
	}
	w := &checker.Why{Key: l.keys[l.turns[at].key], Of: l.calls, Calls: []history.Call{l.call(at)}}
	s.ExplainThinAir(w, l.turns[at].Span)
	return checker.Result{Checker: name, Verdict: checker.Invalid, Reason: w.Reason, Why: w}, true
}

// judge words what a rule finds.
func (r rule) judge(m *budget.Meter, l *logbook) checker.Result {
	b, err := r.find(m, l)
	res := checker.Result{Checker: r.name}
	switch {
	case err != nil:
		res.Verdict = checker.Unknown
		res.Reason = fmt.Sprintf("could not tell whether the %s %s: %v", words.Plural(l.calls, "call"), r.kept, err)
	case b != nil:
		res.Verdict, res.Reason, res.Why = checker.Invalid, b.reason, l.why(b)
	default:
		res.Reason = fmt.Sprintf("%s of %s %s", words.Plural(l.calls, "call"), words.Plural(l.processes(), "session"), r.kept)
	}
	return res
}

// processes counts the sessions, without those that only branched off.
func (l *logbook) processes() (n int) {
	for _, s := range l.sessions {
		n += view.BoolInt(s.parent == model.None || len(s.turns) > 1)
	}
	return n
}

func (l *logbook) why(b *breach) *checker.Why {
	w := &checker.Why{Reason: b.reason, Culprit: -1, Of: l.calls}
	if b.key != model.None {
		w.Key = l.keys[b.key]
	}
	slices.Sort(b.turns)
	for i, t := range slices.Compact(b.turns) {
		w.Calls = append(w.Calls, l.call(t))
		if t == b.culprit {
			w.Culprit = i
		}
	}
	return w
}

// shrink makes a breach of few turns from one of many. again judges a part of the
// logbook, and returns a breach of it with its own numbers. If the turns break nothing on their own, all of
// the logbook has to do.
func (l *logbook) shrink(turns []int32, again func(*logbook) *breach) *breach {
	if b := l.tryShrink(turns, again); b != nil {
		return b
	}
	const few = 3000
	if all := len(l.turns); all <= few {
		turns = make([]int32, all)
		for i := range turns {
			turns[i] = int32(i)
		}
		if b := l.tryShrink(turns, again); b != nil {
			return b
		}
	}
	return &breach{turns: l.sourced(turns), culprit: model.None, key: model.None, reason: "the calls contradict each other"}
}

// tryShrink is shrink that returns nil if the turns break nothing on their own.
func (l *logbook) tryShrink(turns []int32, again func(*logbook) *breach) *breach {
	turns = l.sourced(turns)
	if again(l.part(turns)) == nil {
		return nil
	}
	turns = l.reduce(turns, func(p *logbook) bool { return again(p) != nil })
	p := l.part(turns)
	b := again(p)
	at := make(map[int]int32, len(turns))
	for _, i := range turns {
		at[l.turns[i].Call] = i
	}
	if b.culprit != model.None {
		b.culprit = at[p.turns[b.culprit].Call]
	}
	b.turns = turns
	return b
}

// sourced sorts turns, and adds those that wrote what they saw.
func (l *logbook) sourced(turns []int32) []int32 {
	in := map[int32]bool{model.None: true}
	var all []int32
	for todo := slices.Clone(turns); len(todo) > 0; {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if in[i] {
			continue
		}
		in[i] = true
		all = append(all, i)
		if t := &l.turns[i]; t.observes() || l.strict && t.saw != model.None {
			todo = append(todo, l.versions[t.saw].writer)
		}
	}
	slices.Sort(all)
	return all
}

// who names the process of a turn.
func (l *logbook) who(i int32) string {
	return fmt.Sprintf("process %d", l.h.At(l.turns[i].Call).Process)
}

// told says what a turn saw: "read 1 from x".
func (l *logbook) told(i int32) string {
	t := &l.turns[i]
	v, from := l.text(t.saw), words.Of(l.keys[t.key], "from")
	switch {
	case t.put != model.None:
		return fmt.Sprintf("found %s%s", v, words.Of(l.keys[t.key], "in"))
	case l.versions[t.saw].first:
		return fmt.Sprintf("read the initial value %s%s", v, from)
	}
	return fmt.Sprintf("read %s%s", v, from)
}

// to says on which key a version is: "2 to x".
func (l *logbook) to(v int32, preposition string) string {
	return l.text(v) + words.Of(l.keys[l.versions[v].key], preposition)
}
