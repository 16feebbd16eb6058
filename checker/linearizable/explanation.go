package linearizable

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
)

// A proof is why the calls on a key are not linearizable.
type proof struct {
	s        search
	whole    *view.Part
	spans    []view.Span // the part of the key that is not
	decision decision    //
	place    int         // of the key among the parts of the result
}

// An explanation finds a small counterexample among calls that a search has found not to be linearizable.
type explanation struct {
	search
	short *budget.Meter // bounds the work of making a long counterexample shorter
}

// explainer returns the function that explains a result on demand. It has what the check left of the time of [Within].
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
				parts[p.place].Counterexample, parts[p.place].Reason = w, w.Reason
			}
			if r.Counterexample == nil || provedAt(w) < provedAt(r.Counterexample) {
				r.Counterexample, first = w, p
			}
		}
		if r.Parts != nil {
			r.Parts = parts
		}
		if r.Counterexample != nil {
			used := used + began()
			r.Later = &checker.Deferred{Draw: func(ctx context.Context) map[string][]byte { return first.draw(ctx, set, used) }}
		}
		return r
	}
}

// explain finds the counterexample and its core. It returns nil if the model panics.
func (p proof) explain(ctx context.Context, most int) (w *checker.Counterexample) {
	defer func() {
		if recover() != nil {
			w = nil
		}
	}()
	small, short := budget.New(ctx, most/2, "the explanation"), budget.New(ctx, most/4, "the explanation")
	small.Most, short.Most = most, most
	s := explanation{search: p.s.withMeter(small), short: short}
	w = s.explain(&view.Part{Key: p.whole.Key, Spans: p.spans}, p.decision)
	w.Judged = len(p.whole.Spans)
	if err := small.Why(); err != nil {
		w.Note = fmt.Sprintf("not minimal: %v", err)
	} else if err := short.Why(); err != nil {
		w.Note = fmt.Sprintf("not minimal: %v", err)
	}
	p.findCore(ctx, w, most)
	return w
}

// findCore sets the core of a counterexample. If the budget ends or the model panics, it restores the counterexample, with a note.
func (p proof) findCore(ctx context.Context, w *checker.Counterexample, most int) {
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
	explanation{search: p.s.withMeter(m)}.core(w, p.spans)
}

// draw returns porcupine's page, by its file name.
func (p proof) draw(ctx context.Context, set budget.Limits, used time.Duration) map[string][]byte {
	ctx, cancel := set.Context(ctx, used)
	defer cancel()
	page := p.s.page(ctx, p.whole.Spans, pageSteps)
	if page == nil {
		return nil
	}
	return map[string][]byte{"linearizable.html": page}
}

// provedAt returns the instant at which the last call of the counterexample ends.
func provedAt(w *checker.Counterexample) int {
	at := 0
	for _, c := range w.Calls {
		at = max(at, c.Invoke.Index, c.Complete.Index)
	}
	return at
}
