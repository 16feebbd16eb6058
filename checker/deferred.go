package checker

import (
	"context"
)

// A Deferred is what a result can still be asked for. Each result that explains itself has one of its own.
type Deferred struct {
	Explain func(ctx context.Context, r Result) Result
	Draw    func(ctx context.Context) map[string][]byte
}

// Explain returns the result with its counter-examples: Why is set, of the parts as well, if the verdict is
// Invalid and the checker has one. A check leaves that out, because finding few calls that prove a violation
// can take many times as long as the verdict. Explain adds to what a result says and never takes from it: verdict and reason
// stay, and an explanation that fails is left out. A result that is explained already is returned as it is.
//
// Its budget is one of steps ([linearizable.ExplainSteps]), so it finds the same counter-example each time. If ctx or [linearizable.Within] ends it
// before, [Why.Note] says so.
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

// ExplainParts explains the parts of a result, and makes the counter-example of the first that is as bad its own.
func ExplainParts(ctx context.Context, r Result) Result {
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
