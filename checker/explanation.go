package checker

import (
	"context"
	"fmt"
	"time"
)

// A proof is how it was found that the calls on a key are not linearizable.
type proof struct {
	s     search
	whole *part
	spans []span   // those of the calls on the key that are not
	found decision //
	place int      // of the key among the parts of the result
}

// explainer returns what explains a result, when it is asked to. It has what the check left of the time of [Within].
func (s search) explainer(set settings, proofs []proof, used time.Duration) func(context.Context, Result) Result {
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
			if r.Why == nil || shownBy(w) < shownBy(r.Why) {
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

// shownBy returns the instant from which on the counter-example is one.
func shownBy(w *Why) int {
	at := 0
	for _, c := range w.Calls {
		at = max(at, c.Invoke.Index, c.Complete.Index)
	}
	return at
}
