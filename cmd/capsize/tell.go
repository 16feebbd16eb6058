package main

import (
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// A told is an input of a model that knows how Jepsen records its calls.
type told[In, Out any] struct {
	in   In
	tell func(in In, out Out, known bool) (f string, value any, failed bool)
}

// Jepsen returns what Jepsen would have recorded.
func (o told[In, Out]) Jepsen(t history.Type, output any) (history.Type, history.JepsenOp) {
	out, known := output.(Out)
	f, value, failed := o.tell(o.in, out, known)
	if failed && known {
		t = history.Fail
	}
	return t, history.JepsenOp{F: f, Value: value}
}

// recorded makes of an op of the model what Jepsen would have recorded.
func (d dictionary[In, Out]) recorded(op history.Op) history.Op {
	if in, ok := op.Input.(In); ok && op.Process != history.Nemesis {
		op.Input = told[In, Out]{in, d.tell}
	}
	return op
}

// readInt returns what was read, if that is known. [checker.Nil] is nil.
func readInt(out int, known bool) any {
	if !known || out == checker.Nil {
		return nil
	}
	return out
}

// listed returns what was read as a vector.
func listed(out []int, known bool) any {
	if !known {
		return nil
	}
	all := make([]any, len(out))
	for i, n := range out {
		all[i] = n
	}
	return all
}

// tellRegister tells of a register. If failures answers what a cas found, one that found
// something else has failed.
func tellRegister(found bool) func(in checker.RegisterOp, out int, known bool) (string, any, bool) {
	return func(in checker.RegisterOp, out int, known bool) (string, any, bool) {
		switch in.F {
		case "write":
			return in.F, readInt(in.Value, true), false
		case "cas":
			return in.F, []any{readInt(in.Old, true), readInt(in.Value, true)}, found && out != in.Old
		}
		return in.F, readInt(out, known), false
	}
}

func tellMulti(in []checker.RegisterOp, out []int, known bool) (string, any, bool) {
	var txn []any
	for i, o := range in {
		v := any(nil)
		if o.F == "write" {
			v = o.Value
		} else if known && i < len(out) {
			v = out[i]
		}
		txn = append(txn, []any{history.Keyword(o.F), o.Key, v})
	}
	return "txn", txn, false
}

func tellKV(in checker.KVOp, out string, known bool) (string, any, bool) {
	switch {
	case in.F != "get":
		return in.F, in.Value, false
	case !known:
		return in.F, nil, false
	}
	return in.F, out, false
}

func tellLock(in checker.LockOp, out int, _ bool) (string, any, bool) {
	if out == 0 {
		return in.F, nil, false
	}
	return in.F, out, false
}

func tellCounter(in checker.CounterOp, out int, known bool) (string, any, bool) {
	if in.F == "add" {
		return in.F, in.Value, false
	}
	return in.F, readInt(out, known), false
}

func tellSet(in checker.SetOp, out []int, known bool) (string, any, bool) {
	switch {
	case in.F == "read":
		return in.F, listed(out, known), false
	case in.F == "contains" && known:
		return in.F, len(out) > 0, false
	}
	return in.F, in.Value, false
}

func tellQueue(in checker.QueueOp, out int, known bool) (string, any, bool) {
	if in.F == "enqueue" {
		return in.F, in.Value, false
	}
	return in.F, readInt(out, known), false
}

func tellStack(in checker.StackOp, out int, known bool) (string, any, bool) {
	if in.F == "push" {
		return in.F, in.Value, false
	}
	return in.F, readInt(out, known), false
}

func tellLog(in checker.LogOp, out []int, known bool) (string, any, bool) {
	if in.F == "append" {
		return in.F, in.Value, false
	}
	return in.F, listed(out, known), false
}
