package txn

import (
	"fmt"
	"maps"
	"slices"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// Kinds has the kind of each operation by its name in a [model.TxnOp].
var Kinds = map[string]uint8{
	model.TxnAppend: Append, model.TxnRead: Read, model.TxnWrite: Write, model.TxnInsert: Insert, model.TxnDelete: Delete, model.TxnReadAll: ReadAll,
}

// Of returns the transactions of a recorded run, whose calls have a [model.Txn] or a []model.TxnOp as input, and another as output.
// A process is a session, up to its first call that ended indeterminate.
func Of(h *history.History) (*History, error) {
	b := NewBuilder()
	b.Lenient = true // a run that was cut off may have lost the beginning of a call
	for op := range h.Ops() {
		if op.Process == history.Nemesis {
			continue
		}
		value := op.Input
		if op.Type != history.Invoke {
			value = op.Output
		}
		b.Begin(Record{Process: op.Process, Type: op.Type, Line: op.Index + 1, Time: op.Time, Node: op.Node})
		if err := b.add(value, op.Type == history.OK); err != nil {
			return nil, fmt.Errorf("op %d, process %d: %w", op.Index, op.Process, err)
		}
		if err := b.End(); err != nil {
			return nil, fmt.Errorf("op %d: %w", op.Index, err)
		}
	}
	return b.History(), nil
}

// add adds the operations of a value of a call.
func (b *Builder) add(value any, ok bool) error {
	var ops []model.TxnOp
	switch v := value.(type) {
	case model.Txn:
		ops = v
	case []model.TxnOp:
		ops = v
	case nil:
	default:
		if ok || b.record.Type == history.Invoke {
			return fmt.Errorf("a transaction is a []model.TxnOp, and this is a %T", value)
		}
	}
	for _, o := range ops {
		f, known := Kinds[o.F]
		if !known {
			return fmt.Errorf("operation %q of a transaction: want append, r, w, insert, delete or rp", o.F)
		}
		b.addOp(f, o, ok)
	}
	return nil
}

func (b *Builder) addOp(f uint8, o model.TxnOp, ok bool) {
	switch {
	case f == ReadAll && ok:
		b.ReadRows(b.Predicate(o.Key), b.rows(o.Rows))
	case f == ReadAll:
		b.ReadUnknown(f, b.Predicate(o.Key))
	case f == Read && !ok:
		b.ReadUnknown(f, b.Key(o.Key))
	case f == Read && o.Value != 0:
		b.ReadValue(b.Key(o.Key), b.Int(int64(o.Value)))
	case f == Read:
		b.scratch = b.scratch[:0]
		for _, v := range o.List {
			b.scratch = append(b.scratch, b.Int(int64(v)))
		}
		b.ReadList(b.Key(o.Key), b.scratch)
	case f == Delete:
		b.Write(f, b.Key(o.Key), Nil)
	default:
		b.Write(f, b.Key(o.Key), b.Int(int64(o.Value)))
	}
}

// rows returns pairs of key and value, sorted by key.
func (b *Builder) rows(rows map[string]int) []int32 {
	b.scratch = b.scratch[:0]
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		b.scratch = append(b.scratch, b.Key(name), b.Int(int64(rows[name])))
	}
	return b.scratch
}
