package linearizable

import (
	"bytes"
	"context"

	"github.com/anishathalye/porcupine"
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
)

// pageCalls is the most calls on one key that are drawn as a page: the page
// holds them all, and its drawing takes quadratic time.
const pageCalls = 2000

// porcupineStep is about what porcupine holds for a step, in bytes, but for the set of
// bits, one a call.
const porcupineStep = 200

// porcupineModel translates a model. Every step checks ctx, a bound on memory, and one on steps
// if most is more than 0. After one of them ends, no step succeeds, and so the search ends.
func (s search) porcupineModel(ctx context.Context, calls, most int, spent *error) porcupine.Model {
	steps, left := 0, s.memoryLimit()/(calls/8+porcupineStep)
	m := s.drawingModel()
	m.Step = func(state, input, _ any) (ok bool, next any) {
		if *spent != nil {
			return false, state
		}
		if steps++; ctx.Err() != nil {
			*spent = context.Cause(ctx)
			return false, state
		} else if steps == most {
			*spent = budget.ErrSteps
			return false, state
		}
		sp := input.(view.Span)
		n, right, err := s.Step(state, sp)
		if err != nil {
			*spent = err
			return false, state
		}
		if right = right || !sp.Known; right {
			if left--; left < 0 {
				*spent = errMemory
			}
		}
		return right, n
	}
	return m
}

// drawingModel translates a model for drawing. It has no bound, because porcupine
// panics if a step that succeeded in the search fails while it draws.
func (s search) drawingModel() porcupine.Model {
	return porcupine.Model{
		Init: s.Initial,
		Step: func(state, input, _ any) (ok bool, next any) {
			sp := input.(view.Span)
			n, right, err := s.Step(state, sp)
			if err != nil {
				panic(err)
			}
			return right || !sp.Known, n
		},
		DescribeOperation: func(input, _ any) string { return s.Words(input.(view.Span)) },
	}
}

func (s search) operations(spans []view.Span) []porcupine.Operation {
	ops := make([]porcupine.Operation, len(spans))
	for i, sp := range spans {
		ret := int64(sp.Ret)
		ops[i] = porcupine.Operation{ClientId: s.H.At(sp.Call).Process, Input: sp, Call: int64(sp.Call), Return: ret}
	}
	return ops
}

// porcupine decides by Athalye's porcupine: Wing and Gong's search
// with Lowe's memory. Its cost is exponential in the number of pending calls.
func (s search) porcupine(ctx context.Context, spans []view.Span) (ok bool, err error) {
	m := s.porcupineModel(ctx, len(spans), 0, &err)
	return porcupine.CheckOperations(m, s.operations(spans)) && err == nil, err
}

// pageSteps is the most steps of the search behind a page.
const pageSteps = 100_000

// page returns porcupine's picture of a history that is not linearizable, or nil if its
// search takes more than most steps, or the model panics: a picture must not change a verdict.
func (s search) page(ctx context.Context, spans []view.Span, most int) (page []byte) {
	if len(spans) > pageCalls {
		return nil
	}
	defer func() {
		if recover() != nil {
			page = nil
		}
	}()
	var spent error
	_, info := porcupine.CheckOperationsVerbose(s.porcupineModel(ctx, len(spans), most, &spent), s.operations(spans), 0)
	var b bytes.Buffer
	if spent != nil || porcupine.Visualize(s.drawingModel(), info, &b) != nil {
		return nil
	}
	return b.Bytes()
}
