package kafka

import (
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/internal/sorting"
)

// Jepsen returns what Jepsen's kafka workload records of a call. It implements [history.Jepsener].
func (r Request) Jepsen(t history.Type, output any) (history.Type, history.JepsenOp) {
	op := history.JepsenOp{F: r.F}
	ops := r.Ops
	if reply, ok := output.(Reply); ok {
		ops = reply.Ops
		if len(reply.Rebalanced) > 0 {
			op.More = edn.Map{{Key: edn.Keyword("rebalance-log"), Value: []any{edn.Map{{Key: edn.Keyword("keys"), Value: vector(reply.Rebalanced)}}}}}
		}
	}
	switch {
	case r.F == Subscribe || r.F == Assign:
		op.Value = vector(r.Keys)
	case transaction(r.F):
		steps := make([]any, len(ops))
		for i, o := range ops {
			steps[i] = o.jepsen()
		}
		op.Value = steps
	}
	return t, op
}

func vector(keys []string) []any {
	all := make([]any, len(keys))
	for i, k := range keys {
		all[i] = k
	}
	return all
}

// jepsen returns the operation as Jepsen writes it.
func (o LogOp) jepsen() []any {
	switch {
	case o.F == Send && o.Known:
		return []any{edn.Keyword(o.F), o.Key, []any{o.Offset, int64(o.Value)}}
	case o.F == Send:
		return []any{edn.Keyword(o.F), o.Key, int64(o.Value)}
	case o.Polled == nil:
		return []any{edn.Keyword(o.F)}
	}
	polled := edn.Map{}
	for _, key := range sorting.Keys(o.Polled) {
		pairs := []any{}
		for _, m := range o.Polled[key] {
			pairs = append(pairs, []any{m.Offset, int64(m.Value)})
		}
		polled = append(polled, edn.Pair{Key: key, Value: pairs})
	}
	return []any{edn.Keyword(o.F), polled}
}
