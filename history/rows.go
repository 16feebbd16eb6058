package history

import (
	"iter"
	"math"
	"slices"
	"time"
)

// rows are ops, in columns of a third of the memory that a slice of [Op] takes. A long run keeps its history, and pays for memory that the
// process has not used before and for each pointer that the garbage collector marks in it. Nodes, keys and errors are few, so
// numbers stand for them. The zero value is empty.
type rows struct {
	values  []any // input of an Invoke, output of any other: what alone holds pointers
	marks   []mark
	texts   []string // of the numbers; 0 is the empty text
	numbers map[string]uint32
	odd     map[int]Op // by index, the ops that no row can hold
}

// A mark is an op without its input and output.
type mark struct {
	time    time.Duration
	process int32
	key     uint32
	err     uint32
	node    uint16
	kind    Type
	odd     bool // nothing else of it holds; see rows.odd
}

func (r *rows) len() int { return len(r.marks) }

func (r *rows) grow(n int) { r.values, r.marks = slices.Grow(r.values, n), slices.Grow(r.marks, n) }

// add appends an op, which is odd if it has both an input and an output, if its index is not its place, or if a number of it is too large.
func (r *rows) add(op Op) {
	value, other := op.Output, op.Input
	if op.Type == Invoke {
		value, other = other, value
	}
	m := mark{
		time: op.Time, process: int32(op.Process), key: r.number(op.Key), err: r.number(op.Err), kind: op.Type,
	}
	node := r.number(op.Node)
	if other != nil || op.Index != r.len() || op.Process != int(m.process) || node > math.MaxUint16 {
		if r.odd == nil {
			r.odd = map[int]Op{}
		}
		r.odd[r.len()] = op
		value, m = nil, mark{odd: true}
	}
	m.node = uint16(node)
	r.values, r.marks = append(r.values, value), append(r.marks, m)
}

// number returns the number of a text.
func (r *rows) number(text string) uint32 {
	if text == "" {
		return 0
	}
	if n, ok := r.numbers[text]; ok {
		return n
	}
	if r.numbers == nil {
		r.numbers, r.texts = map[string]uint32{}, []string{""}
	}
	n := uint32(len(r.texts))
	r.numbers[text], r.texts = n, append(r.texts, text)
	return n
}

// text returns the text of a number.
func (r *rows) text(number uint32) string {
	if number == 0 {
		return ""
	}
	return r.texts[number]
}

// at returns the op with an index.
func (r *rows) at(i int) Op {
	m := &r.marks[i]
	if m.odd {
		return r.odd[i]
	}
	op := Op{
		Index: i, Time: m.time, Process: int(m.process), Node: r.text(uint32(m.node)), Type: m.kind, Key: r.text(m.key), Err: r.text(m.err),
	}
	if m.kind == Invoke {
		op.Input = r.values[i]
	} else {
		op.Output = r.values[i]
	}
	return op
}

// caller returns the process and the type of an op, which is all that pairing needs.
func (r *rows) caller(i int) (process int, kind Type) {
	m := &r.marks[i]
	if m.odd {
		op := r.odd[i]
		return op.Process, op.Type
	}
	return int(m.process), m.kind
}

// all yields the ops.
func (r *rows) all() iter.Seq[Op] {
	return func(yield func(Op) bool) {
		for i := range r.marks {
			if !yield(r.at(i)) {
				return
			}
		}
	}
}
