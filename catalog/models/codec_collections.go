package models

import (
	"fmt"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// counter translates additions and reads. An increment without a value adds 1. What an
// addition is answered is kept, with [model.Nil] for no answer, until [inferCounter].
func counter() codec[model.CounterOp, int] {
	return codec[model.CounterOp, int]{
		encode: encodeCounter,
		fs:     []string{"add", "increment", "read"},
		decodeInput: func(op history.Op, j history.JepsenOp) (in model.CounterOp, err error) {
			in = model.CounterOp{F: j.F, Key: op.Key}
			switch {
			case in.F == "increment" && j.Value == nil:
				in.Value = 1
			case in.F != "read":
				in.Value, err = integer(j.Value)
			}
			return in, err
		},
		decodeOutput: func(in model.CounterOp, j history.JepsenOp) (int, bool, error) {
			if in.F == "read" && j.Unknown {
				return 0, false, nil
			}
			if in.F == "read" {
				n, err := integer(j.Value)
				return n, true, err
			}
			switch j.Value {
			case nil, true, "", "OK", "ok":
				return model.Nil, true, nil
			case false:
				return 0, true, repeats(in.Value, j.Value, integer)
			}
			n, err := integer(j.Value)
			return n, true, err
		},
	}
}

// set translates what is put into sets, taken out and read.
func set() codec[model.SetOp, []int] {
	return codec[model.SetOp, []int]{
		encode: encodeSet,
		fs:     []string{"add", "remove", "contains", "read"}, silent: []string{"add", "remove"},
		decodeInput: func(op history.Op, j history.JepsenOp) (in model.SetOp, err error) {
			in = model.SetOp{F: j.F, Key: op.Key}
			if in.F != "read" {
				in.Value, err = integer(j.Value)
			}
			return in, err
		},
		decodeOutput: func(in model.SetOp, j history.JepsenOp) ([]int, bool, error) {
			switch in.F {
			case "read":
				if j.Unknown {
					return nil, false, nil
				}
				all, err := found(j.Value)
				return all, true, err
			case "add", "remove":
				return nil, true, repeats(in.Value, j.Value, integer)
			case "contains":
				there, ok := j.Value.(bool)
				if !ok {
					return nil, true, fmt.Errorf("value %s of a contains is neither true nor false", ednText(j.Value))
				}
				if there {
					return []int{in.Value}, true, nil
				}
			}
			return nil, true, nil
		},
	}
}

// queue translates what is put into queues and taken out. A dequeue that took nil
// has found nothing.
func queue() codec[model.QueueOp, int] {
	return codec[model.QueueOp, int]{
		encode: encodeQueue,
		fs:     []string{"enqueue", "dequeue"}, silent: []string{"enqueue"},
		decodeInput: func(op history.Op, j history.JepsenOp) (in model.QueueOp, err error) {
			in = model.QueueOp{F: j.F, Key: op.Key}
			if in.F == "enqueue" {
				in.Value, err = integer(j.Value)
			}
			return in, err
		},
		decodeOutput: func(in model.QueueOp, j history.JepsenOp) (int, bool, error) {
			if in.F == "enqueue" {
				return 0, true, repeats(in.Value, j.Value, integer)
			}
			n, err := number(j.Value)
			return n, !j.Unknown, err
		},
	}
}

// stack translates what is pushed and popped. A pop of nil has found nothing.
func stack() codec[model.StackOp, int] {
	return codec[model.StackOp, int]{
		encode: encodeStack,
		fs:     []string{"push", "pop"}, silent: []string{"push"},
		decodeInput: func(op history.Op, j history.JepsenOp) (in model.StackOp, err error) {
			in = model.StackOp{F: j.F, Key: op.Key}
			if in.F == "push" {
				in.Value, err = integer(j.Value)
			}
			return in, err
		},
		decodeOutput: func(in model.StackOp, j history.JepsenOp) (int, bool, error) {
			if in.F == "push" {
				return 0, true, repeats(in.Value, j.Value, integer)
			}
			n, err := number(j.Value)
			return n, !j.Unknown, err
		},
	}
}

// log translates what is appended and read. An append that is answered with a vector of
// one integer was answered with the offset of its value.
func log() codec[model.LogOp, []int] {
	return codec[model.LogOp, []int]{
		encode: encodeLog,
		fs:     []string{"append", "read"},
		decodeInput: func(op history.Op, j history.JepsenOp) (in model.LogOp, err error) {
			in = model.LogOp{F: j.F, Key: op.Key}
			if in.F == "append" {
				in.Value, err = integer(j.Value)
			}
			return in, err
		},
		decodeOutput: func(in model.LogOp, j history.JepsenOp) ([]int, bool, error) {
			if in.F == "append" {
				if offset, err := integers(j.Value); err == nil && len(offset) == 1 {
					return offset, true, nil
				}
				err := repeats(in.Value, j.Value, integer)
				if err == nil {
					err = unjudged(history.JepsenOp{F: in.F, Value: int64(in.Value)}, j)
				}
				return nil, true, err
			}
			if j.Unknown {
				return nil, false, nil
			}
			all, err := found(j.Value)
			return all, true, err
		},
	}
}
