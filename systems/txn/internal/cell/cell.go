// Package cell has what a key of a transactional store holds: a list or a register, as [model.TxnOp] writes and reads it.
package cell

import "github.com/capsize-go/capsize/model"

// A Cell is the value of a key: a list if it was appended to, else a register, which is 0 if it was never written. Cells are
// values: none of their methods changes one.
type Cell struct {
	Value int   `json:",omitempty"`
	List  []int `json:",omitempty"`
}

// With returns the cell after an operation. Operations that write nothing leave it as it is.
func (c Cell) With(op model.TxnOp) Cell {
	switch op.F {
	case model.TxnAppend:
		c.List = append(c.List[:len(c.List):len(c.List)], op.Value)
	case model.TxnWrite:
		c.Value = op.Value
	}
	return c
}

// Answer returns the operation as it is answered: a read has what the cell holds, and others are as they were asked.
func (c Cell) Answer(op model.TxnOp) model.TxnOp {
	if op.F == model.TxnRead {
		op.Value, op.List = c.Value, c.List
	}
	return op
}

// Writes reports whether an operation writes.
func Writes(op model.TxnOp) bool { return op.F == model.TxnAppend || op.F == model.TxnWrite }

// Known reports whether an operation is one that these stores carry out: an append, a write or a read.
func Known(op model.TxnOp) bool { return Writes(op) || op.F == model.TxnRead }

// Run carries out operations one after the other on what get returns, and returns their answers and the cells that were written,
// with their keys in the order in which they were first written.
func Run(ops []model.TxnOp, get func(key string) Cell) (answers []model.TxnOp, keys []string, written map[string]Cell) {
	answers, written = make([]model.TxnOp, 0, len(ops)), map[string]Cell{}
	for _, op := range ops {
		c, own := written[op.Key]
		if !own {
			c = get(op.Key)
		}
		answers = append(answers, c.Answer(op))
		if Writes(op) {
			if !own {
				keys = append(keys, op.Key)
			}
			written[op.Key] = c.With(op)
		}
	}
	return answers, keys, written
}
