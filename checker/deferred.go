package checker

import (
	"context"
)

// A Deferred is the work that a result has left for later: its explanation and its pictures. Results do not share one.
type Deferred struct {
	Explain func(ctx context.Context, r Result) Result
	Draw    func(ctx context.Context) map[string][]byte
}

// Explain returns the result with its counterexamples: it sets Counterexample, of the parts as well, if the verdict is
// Invalid and the checker has one. A check leaves that out, because minimising a counterexample
// can take many times as long as the verdict. Explain changes neither verdict nor reason, and leaves out an explanation
// that fails. It returns a result that is explained already as it is.
//
// Its budget counts steps ([linearizable.ExplainSteps]), so it finds the same counterexample each time. If ctx or [linearizable.Within] ends it
// early, [Counterexample.Note] says so.
func (r Result) Explain(ctx context.Context) (got Result) {
	if r.Later == nil || r.Later.Explain == nil {
		return r
	}
	defer func() {
		if recover() != nil {
			r.Later = nil
			got = r
		}
	}()
	explain := r.Later.Explain
	r.Later = nil
	got = explain(ctx, r)
	got.Checker, got.Verdict, got.Reason = r.Checker, r.Verdict, r.Reason
	return got
}

// Draw returns the result with the pictures that need a search of their own, in Files: for a history that
// is not linearizable, the page of porcupine. It explains the result first. It leaves out what takes more than 100,000 steps.
func (r Result) Draw(ctx context.Context) (got Result) {
	r = r.Explain(ctx)
	parts := make([]Result, 0, len(r.Parts))
	for _, p := range r.Parts {
		parts = append(parts, p.Draw(ctx))
	}
	if len(parts) > 0 {
		r.Parts = parts
	}
	if r.Later == nil || r.Later.Draw == nil {
		return r
	}
	draw := r.Later.Draw
	r.Later = nil
	if files := draw(ctx); len(files) > 0 && r.Files == nil {
		r.Files = files
	}
	return r
}

// ExplainParts explains the parts of a result, and copies the counterexample of the first part with the result's verdict.
func ExplainParts(ctx context.Context, r Result) Result {
	parts := make([]Result, len(r.Parts))
	for i, p := range r.Parts {
		parts[i] = p.Explain(ctx)
	}
	r.Parts = parts
	for _, p := range parts {
		if p.Verdict == r.Verdict {
			r.Counterexample = p.Counterexample
			break
		}
	}
	return r
}
