package cell

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/model"
)

// Carries returns what operations write, as a message that carries them shows it.
func Carries(ops []model.TxnOp) (all []trace.Item) {
	for _, op := range ops {
		if Writes(op) {
			all = append(all, trace.Item{Key: op.Key, Value: fmt.Sprint(op.Value)})
		}
	}
	return all
}

// Asks returns the keys that operations read, as a message that asks for them shows it.
func Asks(ops []model.TxnOp) (all []trace.Item) {
	for _, op := range ops {
		if op.F == model.TxnRead {
			all = append(all, trace.Item{Key: op.Key})
		}
	}
	return all
}

// Answers returns what reads returned, as a message that answers them shows it: of a list its last element.
func Answers(ops []model.TxnOp) (all []trace.Item) {
	for _, op := range ops {
		if op.F != model.TxnRead {
			continue
		}
		v := op.Value
		if n := len(op.List); n > 0 {
			v = op.List[n-1]
		}
		all = append(all, trace.Item{Key: op.Key, Value: fmt.Sprint(v)})
	}
	return all
}

// Item returns what a message that carries the cell of a key shows: of a list its last element.
func (c Cell) Item(key string) trace.Item {
	v := c.Value
	if n := len(c.List); n > 0 {
		v = c.List[n-1]
	}
	return trace.Item{Key: key, Value: fmt.Sprint(v)}
}
