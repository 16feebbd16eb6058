package models

import (
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/model"
)

// An encodedInput is an input of a model that knows how Jepsen records its calls.
type encodedInput struct {
	in     any
	encode func(in, out any) (f string, value any, failed bool)
}

// Jepsen returns what Jepsen would have recorded.
func (o encodedInput) Jepsen(t history.Type, output any) (history.Type, history.JepsenOp) {
	f, value, failed := o.encode(o.in, output)
	if failed {
		t = history.Fail
	}
	return t, history.JepsenOp{F: f, Value: value}
}

// encoded returns an op of the model as Jepsen would have recorded it.
func (d *boxedCodec) encoded(op history.Op) history.Op {
	if op.Process != history.Nemesis && d.takes(op.Input) {
		op.Input = encodedInput{op.Input, d.encode}
	}
	return op
}

// readInt returns what was read, if that is known. [model.Nil] is nil.
func readInt(out int, known bool) any {
	if !known || out == model.Nil {
		return nil
	}
	return out
}

// vector returns what was read as a vector.
func vector(out []int, known bool) any {
	if !known {
		return nil
	}
	all := make([]any, len(out))
	for i, n := range out {
		all[i] = n
	}
	return all
}

// encodeRegister encodes calls on a register. If found, a cas is answered with the value that
// it found, and has failed if that is not the one it expected.
func encodeRegister(found bool) func(in model.RegisterOp, out int, known bool) (string, any, bool) {
	return func(in model.RegisterOp, out int, known bool) (string, any, bool) {
		switch in.F {
		case "write":
			return in.F, readInt(in.Value, true), false
		case "cas":
			return in.F, []any{readInt(in.Old, true), readInt(in.Value, true)}, found && out != in.Old
		}
		return in.F, readInt(out, known), false
	}
}

func encodeMulti(in []model.RegisterOp, out []int, known bool) (string, any, bool) {
	var txn []any
	for i, o := range in {
		v := any(nil)
		if o.F == "write" {
			v = readInt(o.Value, true)
		} else if known && i < len(out) {
			v = readInt(out[i], true)
		}
		txn = append(txn, []any{edn.Keyword(o.F), o.Key, v})
	}
	return "txn", txn, false
}

func encodeKV(in model.KVOp, out string, known bool) (string, any, bool) {
	switch {
	case in.F == "cas":
		return in.F, []any{in.Old, in.Value}, false
	case in.F != "get":
		return in.F, in.Value, false
	case !known:
		return in.F, nil, false
	}
	return in.F, out, false
}

func encodeLock(in model.LockOp, out int, _ bool) (string, any, bool) {
	if out == 0 {
		return in.F, nil, false
	}
	return in.F, out, false
}

func encodeCounter(in model.CounterOp, out int, known bool) (string, any, bool) {
	if in.F == "add" || in.F == "increment" && !known {
		return in.F, in.Value, false
	}
	return in.F, readInt(out, known), false
}

func encodeSet(in model.SetOp, out []int, known bool) (string, any, bool) {
	switch {
	case in.F == "read":
		return in.F, vector(out, known), false
	case in.F == "contains" && known:
		return in.F, len(out) > 0, false
	}
	return in.F, in.Value, false
}

func encodeQueue(in model.QueueOp, out int, known bool) (string, any, bool) {
	if in.F == "enqueue" {
		return in.F, in.Value, false
	}
	return in.F, readInt(out, known), false
}

func encodeStack(in model.StackOp, out int, known bool) (string, any, bool) {
	if in.F == "push" {
		return in.F, in.Value, false
	}
	return in.F, readInt(out, known), false
}

func encodeLog(in model.LogOp, out []int, known bool) (string, any, bool) {
	if in.F == "append" && len(out) == 0 {
		return in.F, in.Value, false
	}
	return in.F, vector(out, known), false
}
