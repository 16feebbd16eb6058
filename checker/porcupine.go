package checker

import (
	"bytes"
	"context"
	"time"

	"github.com/anishathalye/porcupine"
)

// pageCalls is the most calls on one key that are drawn as a page: the page
// holds them all, and its drawing takes quadratic time.
const pageCalls = 2000

// porcupineStep is about what porcupine holds for a step, in bytes, but for the set of
// bits, one a call.
const porcupineStep = 200

// porcupineModel translates a model. Every step asks ctx, and counts against a
// bound on memory; once either has ended, no step succeeds, and the search ends.
func (s source[S, In, Out]) porcupineModel(ctx context.Context, calls int, spent *error) porcupine.Model {
	steps, most := 0, s.budget()/(calls/8+porcupineStep)
	return porcupine.Model{
		Init: func() any { return s.m.Init },
		Step: func(state, input, _ any) (ok bool, next any) {
			if *spent != nil {
				return false, state
			}
			if steps++; steps%64 == 0 && ctx.Err() != nil {
				*spent = context.Cause(ctx)
				return false, state
			}
			sp := input.(span)
			n, right, err := s.step(state.(S), sp)
			if err != nil {
				*spent = err
				return false, state
			}
			if right = right || !sp.known; right {
				if most--; most < 0 {
					*spent = errMemory
				}
			}
			return right, n
		},
		DescribeOperation: func(input, _ any) string { return s.describe(input.(span)) },
	}
}

func (s source[S, In, Out]) operations(spans []span) []porcupine.Operation {
	ops := make([]porcupine.Operation, len(spans))
	for i, sp := range spans {
		ret := int64(sp.ret)
		ops[i] = porcupine.Operation{ClientId: s.h.At(sp.call).Process, Input: sp, Call: int64(sp.call), Return: ret}
	}
	return ops
}

// porcupine searches for an order of the calls by the algorithm of Wing and Gong
// with Lowe's memory, as in Athalye's porcupine. Its cost is exponential in the
// number of calls at a time.
func (s source[S, In, Out]) porcupine(ctx context.Context, spans []span) (ok bool, err error) {
	m := s.porcupineModel(ctx, len(spans), &err)
	return porcupine.CheckOperations(m, s.operations(spans)) && err == nil, err
}

// page returns porcupine's picture of a history that is not linearizable, or nil if
// drawing it would take long.
func (s source[S, In, Out]) page(ctx context.Context, spans []span, within time.Duration) []byte {
	if len(spans) > pageCalls {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var spent error
	m := s.porcupineModel(ctx, len(spans), &spent)
	_, info := porcupine.CheckOperationsVerbose(m, s.operations(spans), 0)
	var b bytes.Buffer
	if spent != nil || porcupine.Visualize(m, info, &b) != nil {
		return nil
	}
	return b.Bytes()
}
