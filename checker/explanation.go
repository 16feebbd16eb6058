package checker

import (
	"context"
	"fmt"
	"time"
)

// A deferred is what a result can still be asked for. Each result that explains itself has one of its own.
type deferred struct {
	explain func(ctx context.Context, r Result) Result
	draw    func(ctx context.Context) map[string][]byte
}

// Explain returns the result with its counter-examples: Why is set, of the parts as well, if the verdict is
// Invalid and the checker has one. A check leaves that out, because finding few calls that prove a violation
// can take many times as long as the verdict. Explain adds to what a result says and never takes from it: verdict and reason
// stay, and an explanation that fails is left out. A result that is explained already is returned as it is.
//
// Its budget is one of steps ([ExplainSteps]), so it finds the same counter-example each time. If ctx or [Within] ends it
// before, [Why.Note] says so.
func (r Result) Explain(ctx context.Context) (got Result) {
	if r.later == nil || r.later.explain == nil {
		return r
	}
	defer func() {
		if recover() != nil {
			r.later = nil
			got = r
		}
	}()
	explain := r.later.explain
	r.later = nil
	got = explain(ctx, r)
	got.Checker, got.Verdict, got.Reason = r.Checker, r.Verdict, r.Reason
	return got
}

// Draw returns the result with the pictures that take a search of their own, in Files: of a history that
// is not linearizable, the page of porcupine. It explains the result first. What can not be drawn within 100,000 steps
// is left out.
func (r Result) Draw(ctx context.Context) (got Result) {
	r = r.Explain(ctx)
	parts := make([]Result, 0, len(r.Parts))
	for _, p := range r.Parts {
		parts = append(parts, p.Draw(ctx))
	}
	if len(parts) > 0 {
		r.Parts = parts
	}
	if r.later == nil || r.later.draw == nil {
		return r
	}
	draw := r.later.draw
	r.later = nil
	if files := draw(ctx); len(files) > 0 && r.Files == nil {
		r.Files = files
	}
	return r
}

// explainAll explains the parts of a result, and makes the counter-example of the first that is as bad its own.
func explainAll(ctx context.Context, r Result) Result {
	parts := make([]Result, len(r.Parts))
	for i, p := range r.Parts {
		parts[i] = p.Explain(ctx)
	}
	r.Parts = parts
	for _, p := range parts {
		if p.Verdict == r.Verdict {
			r.Why = p.Why
			break
		}
	}
	return r
}

// A proof is how it was found that the calls on a key are not linearizable.
type proof struct {
	s     source
	whole *part
	spans []span   // those of the calls on the key that are not
	found decision //
	place int      // of the key among the parts of the result
}

// explainer returns what explains a result, when it is asked to. It has what the check left of the time of [Within].
func (s source) explainer(set settings, proofs []proof, used time.Duration) func(context.Context, Result) Result {
	return func(ctx context.Context, r Result) Result {
		ctx, cancel := set.limited(ctx, used)
		defer cancel()
		began := set.clock()
		var first proof
		parts := make([]Result, len(r.Parts))
		copy(parts, r.Parts)
		for _, p := range proofs {
			w := p.explain(ctx, set.explain)
			if w == nil {
				continue
			}
			if p.place < len(parts) {
				parts[p.place].Why, parts[p.place].Reason = w, w.Reason
			}
			if r.Why == nil || w.shows() < r.Why.shows() {
				r.Why, first = w, p
			}
		}
		if r.Parts != nil {
			r.Parts = parts
		}
		if r.Why != nil {
			used := used + began()
			r.later = &deferred{draw: func(ctx context.Context) map[string][]byte { return first.draw(ctx, set, used) }}
		}
		return r
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

// explain makes the counter-example, or none if the model panics.
func (p proof) explain(ctx context.Context, most int) (w *Why) {
	defer func() {
		if recover() != nil {
			w = nil
		}
	}()
	small, short := newMeter(ctx, most/2, "the explanation"), newMeter(ctx, most/4, "the explanation")
	small.most, short.most = most, most
	s := p.s.metered(small)
	s.short = short
	w = s.explain(&part{key: p.whole.key, spans: p.spans}, p.found)
	w.Of = len(p.whole.spans)
	if err := small.why(); err != nil {
		w.Note = fmt.Sprintf("not minimal: %v", err)
	} else if err := short.why(); err != nil {
		w.Note = fmt.Sprintf("not minimal: %v", err)
	}
	p.findCore(ctx, w, most)
	return w
}

// findCore looks for the core of a counter-example, which is as good without it.
func (p proof) findCore(ctx context.Context, w *Why, most int) {
	was := *w
	m := newMeter(ctx, most/4, "the explanation")
	m.most = most
	defer func() {
		err := m.why()
		if e := recover(); e != nil {
			err = fmt.Errorf("the %s model panicked: %v", p.s.name, e)
		}
		if err == nil {
			return
		}
		if *w = was; w.Note == "" {
			w.Note = fmt.Sprintf("not known which of the calls contradict each other: %v", err)
		}
	}()
	p.s.metered(m).core(w, p.spans)
}

// draw makes porcupine's page.
func (p proof) draw(ctx context.Context, set settings, used time.Duration) map[string][]byte {
	ctx, cancel := set.limited(ctx, used)
	defer cancel()
	page := p.s.page(ctx, p.whole.spans, pageSteps)
	if page == nil {
		return nil
	}
	return map[string][]byte{"linearizable.html": page}
}
