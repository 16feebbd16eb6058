package twopc

import (
	"fmt"
	"maps"

	"github.com/capsize-go/capsize/model"
)

// Rows are found by their value: the rows of a value are in an index, which is a key like any other, named as the predicate is that reads
// it, with a node and a lock of its own. So a read by predicate locks rows that are not there yet. A transaction that inserts or deletes a
// row changes its index too.
const (
	enterIndex = "enter" // a row, whose key is the only one in Rows
	leaveIndex = "leave"
)

// indexOf returns the key of the index of a value, which is also the predicate that reads it.
func indexOf(value int) string { return fmt.Sprintf("[= %d]", value) }

// isIndex reports whether a predicate is the name of an index.
func isIndex(predicate string) bool {
	var value int
	_, err := fmt.Sscanf(predicate, "[= %d]", &value)
	return err == nil && predicate == indexOf(value)
}

// entryOf returns the change of an index that an operation brings which was carried out, or nil.
func entryOf(op model.TxnOp) *model.TxnOp {
	switch op.F {
	case model.TxnInsert:
		return &model.TxnOp{F: enterIndex, Key: indexOf(op.Value), Value: op.Value, Rows: map[string]int{op.Key: op.Value}}
	case model.TxnDelete:
		return &model.TxnOp{F: leaveIndex, Key: indexOf(op.Value), Value: op.Value, Rows: map[string]int{op.Key: op.Value}}
	}
	return nil
}

// rowOf returns the key of the row that a change of an index is about.
func rowOf(op model.TxnOp) (key string) {
	for k := range op.Rows { // order: there is one
		key = k
	}
	return key
}

// row returns the row of a key as a branch sees it, 0 if there is none.
func (n *participant) row(b *branch, key string) (value int) {
	if c := n.data[key]; c != nil {
		value = c.row
	}
	for _, w := range b.writes {
		switch {
		case w.Key != key:
		case w.F == model.TxnInsert:
			value = w.Value
		case w.F == model.TxnDelete:
			value = 0
		}
	}
	return value
}

// readIndex returns the rows of an index as a branch sees them.
func (n *participant) readIndex(b *branch, key string) map[string]int {
	rows := map[string]int{}
	if c := n.data[key]; c != nil {
		maps.Copy(rows, c.index)
	}
	for _, w := range b.writes {
		switch {
		case w.Key != key:
		case w.F == enterIndex:
			maps.Copy(rows, w.Rows)
		case w.F == leaveIndex:
			delete(rows, rowOf(w))
		}
	}
	return rows
}

// change applies a write to the cell of its key, and returns what takes it back.
func (c *cell) change(w model.TxnOp) (back func()) {
	switch w.F {
	case model.TxnAppend:
		c.list = append(c.list, w.Value)
		return func() { c.list = without(c.list, w.Value) }
	case model.TxnWrite:
		was := c.value
		c.value = w.Value
		return func() { c.value = was }
	case model.TxnInsert, model.TxnDelete:
		was := c.row
		if c.row = w.Value; w.F == model.TxnDelete {
			c.row = 0
		}
		return func() { c.row = was }
	case enterIndex:
		if c.index == nil {
			c.index = map[string]int{}
		}
		maps.Copy(c.index, w.Rows)
		return func() { delete(c.index, rowOf(w)) }
	}
	delete(c.index, rowOf(w))
	return func() { maps.Copy(c.index, w.Rows) }
}
