package history

import (
	"fmt"
	"io"
)

// flushAt is how many bytes the writers gather before they pass them on.
const flushAt = 32 << 10

// An Encoder writes ops one by one, so that a history need not fit in memory to
// be written.
type Encoder struct {
	w          io.Writer
	buf        []byte
	add        func(b []byte, op Op) ([]byte, error)
	begin, sep string // what comes before the first op, and between two
	end        string
	written    int
}

// NewEncoder returns an encoder to w. It writes every format but Calls, for which there
// is an error; Auto stands for JSONL.
//
// EDN, Maelstrom and JSONL keep all that there is in an op. JSON has no keywords,
// symbols, characters, lists, sets, ratios and tags: they become strings, arrays
// and what the tag is on. Etcd and KV have what porcupine reads: process, type,
// F, key, value and error, and of time only the order.
//
// In formats other than JSONL, inputs and outputs that are no [JepsenOp] are
// written as Jepsen would have recorded them; see [Jepsener].
func NewEncoder(w io.Writer, opts Options) (*Encoder, error) {
	e := &Encoder{w: w, buf: make([]byte, 0, flushAt+flushAt/4), sep: "\n", end: "\n"}
	rec := recorder{independent: opts.Independent}
	switch opts.Format {
	case Auto, JSONL:
		e.add = AppendJSON
	case EDN, Maelstrom:
		e.add = (&ednWriter{rec}).append
	case JSON:
		e.add = (&jsonWriter{rec}).append
		e.begin, e.sep, e.end = "[", ",\n", "]\n"
	case Etcd:
		e.add = (&logWriter{rec}).append
	case KV:
		e.add = (&kvWriter{rec}).append
	case Calls:
		return nil, fmt.Errorf("%v can only be read: one record a call has no place for the order of ops at one time; write %v or %v", opts.Format, JSON, JSONL)
	default:
		return nil, fmt.Errorf("no writer for %v", opts.Format)
	}
	return e, nil
}

// Encode writes an op. It refuses one that could not be read back.
func (e *Encoder) Encode(op Op) error {
	start, glue := len(e.buf), e.sep
	if e.written == 0 {
		glue = e.begin
	}
	b, err := e.add(append(e.buf, glue...), op)
	if err != nil {
		e.buf = b[:start]
		return fmt.Errorf("encode op %d: %w", op.Index, err)
	}
	e.buf = b
	e.written++
	if len(e.buf) < flushAt {
		return nil
	}
	return e.flush()
}

// Close writes what has been gathered, and the end of the file. It does not close
// the writer beneath.
func (e *Encoder) Close() error {
	switch {
	case e.written > 0:
		e.buf = append(e.buf, e.end...)
	case e.begin != "":
		e.buf = append(append(e.buf, e.begin...), e.end...)
	}
	return e.flush()
}

func (e *Encoder) flush() error {
	if len(e.buf) == 0 {
		return nil
	}
	if _, err := e.w.Write(e.buf); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	e.buf = e.buf[:0]
	return nil
}

// Encode writes a history, as [NewEncoder] says. What it writes, [Decode] reads
// back.
func (h *History) Encode(w io.Writer, opts Options) error {
	e, err := NewEncoder(w, opts)
	if err != nil {
		return err
	}
	for op := range h.Ops() {
		if err := e.Encode(op); err != nil {
			return err
		}
	}
	return e.Close()
}
