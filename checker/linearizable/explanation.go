package linearizable

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
)

// A proof is how it was found that the calls on a key are not linearizable.
type proof struct {
	s     search
	whole *view.Part
	spans []view.Span // those of the calls on the key that are not
	found decision    //
	place int         // of the key among the parts of the result
}

// explainer returns what explains a result, when it is asked to. It has what the check left of the time of [Within].
func (s search) explainer(set budget.Limits, proofs []proof, used time.Duration) func(context.Context, checker.Result) checker.Result {
	return func(ctx context.Context, r checker.Result) checker.Result {
		ctx, cancel := set.Context(ctx, used)
		defer cancel()
		began := set.Clock()
		var first proof
		parts := make([]checker.Result, len(r.Parts))
		copy(parts, r.Parts)
		for _, p := range proofs {
			w := p.explain(ctx, set.Explain)
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
			r.Later = &checker.Deferred{Draw: func(ctx context.Context) map[string][]byte { return first.draw(ctx, set, used) }}
		}
		return r
	}
}

// explain makes the counter-example, or none if the model panics.
func (p proof) explain(ctx context.Context, most int) (w *checker.Why) {
	defer func() {
		if recover() != nil {
			w = nil
		}
	}()
	small, short := budget.New(ctx, most/2, "the explanation"), budget.New(ctx, most/4, "the explanation")
	small.Most, short.Most = most, most
	s := p.s.metered(small)
	s.short = short
	w = s.explain(&view.Part{Key: p.whole.Key, Spans: p.spans}, p.found)
	w.Of = len(p.whole.Spans)
	if err := small.Why(); err != nil {
		w.Note = fmt.Sprintf("not minimal: %v", err)
	} else if err := short.Why(); err != nil {
		w.Note = fmt.Sprintf("not minimal: %v", err)
	}
	p.findCore(ctx, w, most)
	return w
}

// findCore looks for the core of a counter-example, which is as good without it.
func (p proof) findCore(ctx context.Context, w *checker.Why, most int) {
	was := *w
	m := budget.New(ctx, most/4, "the explanation")
	m.Most = most
	defer func() {
		err := m.Why()
		if e := recover(); e != nil {
			err = fmt.Errorf("the %s model panicked: %v", p.s.Name, e)
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
func (p proof) draw(ctx context.Context, set budget.Limits, used time.Duration) map[string][]byte {
	ctx, cancel := set.Context(ctx, used)
	defer cancel()
	page := p.s.page(ctx, p.whole.Spans, pageSteps)
	if page == nil {
		return nil
	}
	return map[string][]byte{"linearizable.html": page}
}

// shownBy returns the instant from which on the counter-example is one.
func shownBy(w *checker.Why) int {
	at := 0
	for _, c := range w.Calls {
		at = max(at, c.Invoke.Index, c.Complete.Index)
	}
	return at
}
