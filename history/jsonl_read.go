package history

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/capsize-go/capsize/history/internal/lex"
)

// Read reads a history that [History.Write] wrote; name is the file's, for
// errors. Inputs and outputs are generic JSON: nil, bool, string, int64, float64,
// json.Number for what neither of these would spell like that, []any and
// map[string]any, and [lex.Null]. Errors are of type [*FileError].
func Read(r io.Reader, name string) (*History, error) {
	return collect(scanJSONL(r, name, opReader{in: lex.Generic, out: lex.Generic, note: lex.Generic}))
}

// ReadAs reads a history as [Read] does, but with inputs of type In and outputs
// of type Out. What these types have no place for is an error.
func ReadAs[In, Out any](r io.Reader, name string) (*History, error) {
	return collect(ScanAs[In, Out](r, name))
}

// ScanAs yields the ops that [ReadAs] would read, one by one, without keeping them.
// After an error it yields nothing more.
func ScanAs[In, Out any](r io.Reader, name string) iter.Seq2[Op, error] {
	rd := opReader{in: as[In](), out: as[Out](), note: lex.Generic}
	if _, ok := any(*new(Out)).(JepsenOp); ok {
		rd.note = as[JepsenOp]()
	}
	return scanJSONL(r, name, rd)
}

// collect makes a history of a sequence.
func collect(ops iter.Seq2[Op, error]) (*History, error) {
	h := &History{}
	for op, err := range ops {
		if err != nil {
			return nil, err
		}
		h.ops.add(op)
	}
	return h, nil
}

// scanJSONL yields the ops of a file of JSON lines, and at last an error if there
// is one.
func scanJSONL(r io.Reader, name string, rd opReader) iter.Seq2[Op, error] {
	return func(yield func(Op, error) bool) {
		rd := rd // for this iteration
		l := lex.NewLines(&lex.UTF8Reader{R: r})
		for {
			line, err := l.Next()
			if err == io.EOF {
				return
			}
			var op Op
			if err == nil {
				op, err = rd.read(line, l)
			}
			if err != nil {
				yield(Op{}, fileError(name, l.N, err))
				return
			}
			if !yield(op, nil) {
				return
			}
		}
	}
}

// opReader reads the ops of one file.
type opReader struct {
	in, out decoder
	note    decoder // of the outputs of the nemesis
	order   order
	opts    Options
	names   map[string]string // the nodes and keys seen, each kept once
}

// read returns the op of a line.
func (r *opReader) read(line []byte, l *lex.Lines) (Op, error) {
	op, err := r.parse(line)
	if errors.Is(err, lex.ErrEnd) && l.Cut {
		return Op{}, lex.ErrCut
	}
	if err != nil {
		return Op{}, err
	}
	if r.opts.Line != nil {
		*r.opts.Line = l.N
	}
	err = r.order.add(op, l.N)
	var flaw *FlawError
	if r.opts.Lenient && errors.As(err, &flaw) {
		if r.opts.Assumed != nil {
			r.opts.Assumed.Add(flaw.Flaw, l.N)
		}
		err = nil
	}
	return op, err
}

// rawOp is an op whose inputs and outputs are still JSON.
type rawOp struct {
	Op
	input, output []byte
	has           uint16 // bit i for the field opFields[i]
}

// opFields are the fields of an op, in the order in which they are written.
var opFields = [...]string{"index", "time", "process", "node", "type", "key", "input", "output", "error"}

func fieldNumber(name []byte) int {
	for i, f := range opFields {
		if string(name) == f {
			return i
		}
	}
	return -1
}

// parse returns the op that a line spells.
func (r *opReader) parse(line []byte) (Op, error) {
	o := rawOp{Op: Op{Index: r.order.count, Time: r.order.last}}
	err := lex.EachField(line, func(name, raw []byte) error {
		i := fieldNumber(name)
		if i < 0 {
			return fmt.Errorf("unknown field %q: an op has %s", name, strings.Join(opFields[:], ", "))
		}
		if o.has&(1<<i) != 0 {
			return fmt.Errorf("field %q stands there twice", name)
		}
		o.has |= 1 << i
		if err := r.field(&o, i, raw); err != nil {
			return fmt.Errorf("%s: %w", opFields[i], err)
		}
		return nil
	})
	switch {
	case err != nil:
		return Op{}, err
	case o.has&(1<<2) == 0:
		return Op{}, errNoProcess
	case o.has&(1<<4) == 0:
		return Op{}, errNoType
	}
	return r.values(o)
}

// field reads one field.
func (r *opReader) field(o *rawOp, i int, raw []byte) (err error) {
	switch i {
	case 0:
		var n int64
		if n, err = lex.ParseInt(raw); err == nil && n != int64(r.order.count) {
			return fmt.Errorf("%d, but this is op %d of the file, counted from 0", n, r.order.count)
		}
	case 1:
		var n int64
		n, err = lex.ParseInt(raw)
		o.Time = time.Duration(n)
	case 2:
		o.Process, err = parseProcess(raw)
	case 3:
		o.Node, err = r.name(raw)
	case 4:
		var s string
		if s, err = lex.ParseString(raw); err == nil {
			o.Type, err = ParseType(s)
		}
	case 5:
		o.Key, err = r.name(raw)
	case 6:
		o.input = raw
	case 7:
		o.output = raw
	case 8:
		o.Err, err = lex.ParseString(raw)
	}
	return err
}

// values decodes input and output.
func (r *opReader) values(o rawOp) (op Op, err error) {
	in, out := r.in, r.out
	if o.Process == Nemesis {
		in, out = fault, r.note
	}
	if o.input != nil {
		if o.Input, err = in(o.input); err != nil {
			return Op{}, fmt.Errorf("input: %w", err)
		}
	}
	if o.output != nil {
		if o.Output, err = out(o.output); err != nil {
			return Op{}, fmt.Errorf("output: %w", err)
		}
	}
	return o.Op, o.check()
}

// fault decodes the input of the nemesis.
func fault(raw []byte) (any, error) {
	s, err := lex.ParseString(raw)
	return s, err
}

// name reads a string of which there are few.
func (r *opReader) name(raw []byte) (string, error) {
	if s, ok := r.names[string(raw)]; ok {
		return s, nil
	}
	s, err := lex.ParseString(raw)
	if err != nil {
		return "", err
	}
	if r.names == nil {
		r.names = map[string]string{}
	}
	if len(r.names) < lex.MaxNames && len(raw) <= lex.MaxName {
		r.names[string(raw)] = s
	}
	return s, nil
}

func parseProcess(raw []byte) (int, error) {
	if string(raw) == `"`+nemesisName+`"` {
		return Nemesis, nil
	}
	n, err := lex.ParseInt(raw)
	if err != nil || n < 0 || int64(int(n)) != n {
		return 0, fmt.Errorf(`%s is neither a number from 0 on nor "nemesis"`, lex.Clip(raw))
	}
	return int(n), nil
}
