package balancing

import (
	"context"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// spansApart returns a checker that judges what clients did and passes over the spans that hosts recorded: a checker of
// registers knows no requests.
func spansApart(c checker.Checker) checker.Checker {
	return checker.Func(func(ctx context.Context, h *history.History) checker.Result {
		return c.Check(ctx, withoutSpans(h))
	})
}

// withoutSpans returns the ops of a history that are not about a [model.RequestOp].
func withoutSpans(h *history.History) *history.History {
	kept, span := new(history.History), map[int]bool{} // by process: its pending call is a span
	for op := range h.Ops() {
		if op.Type == history.Invoke {
			_, span[op.Process] = op.Input.(model.RequestOp)
		}
		if !span[op.Process] {
			kept.Add(op)
		}
	}
	return kept
}
