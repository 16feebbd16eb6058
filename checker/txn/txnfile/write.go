package txnfile

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
)

// Writable lists the formats that [Write] knows.
func Writable() []Format { return []Format{EDN, JSON, JSONL, Plume} }

// Write writes a history, so that [Read] reads the same: an op a line in the order of the history, or for [Plume] an operation a line.
// An indeterminate transaction ends after all others. A read
// of which it is not known what it returned is left out of a transaction that is ok. A history of which nothing is known of real time has completions only, which a
// lenient reader reads: an invocation would say when a transaction began.
//
// JSON has no keywords: they become strings that begin with a colon, which [Read] takes for keywords again. Plume has registers
// only, whose values are whole numbers above 0; it has no times, and of indeterminate transactions those of which something was read.
func Write(w io.Writer, h *txn.History, f Format) error {
	out := &writer{w: bufio.NewWriterSize(w, 1<<16), h: h, format: f, lists: isLists(h)}
	for _, p := range h.Places {
		out.timed = out.timed || p.Invoked != 0 || p.Completed != 0 && p.Completed != history.Forever
	}
	var err error
	switch f {
	case EDN, JSON, JSONL:
		err = out.ops()
	case Plume:
		err = out.plume()
	default:
		err = fmt.Errorf("the format %v can only be read", f)
	}
	if err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	if err := out.w.Flush(); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return nil
}

// isLists reports whether a history is one of lists: whether anything is appended, or a list was read.
func isLists(h *txn.History) bool {
	for _, o := range h.Ops {
		switch {
		case o.F == txn.Append || o.F == txn.Read && o.Len > 0:
			return true
		case o.F != txn.Read || o.Value != txn.Nil:
			return false
		}
	}
	return false
}

// A writer writes one history.
type writer struct {
	w      *bufio.Writer
	h      *txn.History
	format Format
	lists  bool
	timed  bool
	index  int
	buf    []byte
}

// An event is the beginning or the end of a transaction.
type event struct {
	at  int32
	txn int32
	end bool
}

// ops writes the beginnings and ends of the transactions in their order.
func (w *writer) ops() error {
	var all []event
	for i, t := range w.h.Txns {
		if t.Begin >= 0 && !w.h.Untimed {
			all = append(all, event{t.Begin, int32(i), false})
		}
		end := t.End
		if w.h.Untimed && end == txn.Never {
			end = t.Begin // where it stands in its session is all that is known
		}
		all = append(all, event{end, int32(i), true})
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	for i, e := range all {
		if err := w.op(e, i == len(all)-1); err != nil {
			return err
		}
	}
	if len(all) == 0 && w.format == JSON {
		w.buf = append(w.buf, "[]\n"...)
	}
	_, err := w.w.Write(w.buf)
	return err
}

// op writes one op.
func (w *writer) op(e event, last bool) error {
	t := w.h.Txns[e.txn]
	typ := history.Invoke
	if e.end {
		typ = t.Type
	}
	open, comma := "{:index ", ", "
	switch {
	case w.format == JSON && w.index == 0:
		open, comma = `[{"index":`, ","
	case w.format != EDN:
		open, comma = `{"index":`, ","
	}
	b := strconv.AppendInt(append(w.buf[:0], open...), int64(w.index), 10)
	w.index++
	if w.timed && e.txn < int32(len(w.h.Places)) {
		p := w.h.Places[e.txn]
		at := p.Invoked
		if e.end && p.Completed != history.Forever {
			at = p.Completed
		}
		b = strconv.AppendInt(w.field(b, comma, "time"), int64(at), 10)
	}
	if !w.h.Sessionless {
		b = strconv.AppendInt(w.field(b, comma, "process"), int64(t.Process), 10)
	}
	b = w.word(w.field(b, comma, "type"), typ.String())
	name := "value"
	switch {
	case w.format != JSONL:
		b = w.word(w.field(b, comma, "f"), "txn")
	case e.end:
		name = "output"
	default:
		name = "input"
	}
	b = append(w.field(b, comma, name), '[')
	first := true
	for _, o := range w.h.OpsOf(e.txn) {
		if t.Type == history.OK && o.F == txn.Read && !o.Known {
			continue // as answered with nil it would say that nothing was there
		}
		if !first {
			b = append(b, w.between()...)
		}
		first = false
		var err error
		if b, err = w.operation(b, o, e.end && t.Type == history.OK); err != nil {
			return err
		}
	}
	b = append(b, "]}"...)
	switch {
	case w.format == JSON && last:
		b = append(b, ']')
	case w.format == JSON:
		b = append(b, ',')
	}
	w.buf = w.buf[:0]
	_, err := w.w.Write(append(b, '\n'))
	return err
}

// field writes the name of a field.
func (w *writer) field(b []byte, comma, name string) []byte {
	if w.format == EDN {
		return append(append(append(append(b, comma...), ':'), name...), ' ')
	}
	return append(append(append(append(b, comma...), '"'), name...), `":`...)
}

// word writes a name that is a keyword in EDN.
func (w *writer) word(b []byte, name string) []byte {
	if w.format == EDN {
		return append(append(b, ':'), name...)
	}
	return append(append(append(b, '"'), name...), '"')
}

// between is what stands between the elements of a list.
func (w *writer) between() string {
	if w.format == EDN {
		return " "
	}
	return ","
}

// operation writes one operation, with what it returned if it was answered.
func (w *writer) operation(b []byte, o txn.Op, answered bool) ([]byte, error) {
	b = append(w.word(append(b, '['), nameOfOp(o.F)), w.between()...)
	var err error
	if o.F == txn.ReadAll {
		b, err = w.predicate(b, w.h.Predicates[o.Key])
	} else {
		b, err = w.text(b, named(w.h.Keys[o.Key]), false)
	}
	if err != nil {
		return b, err
	}
	b = append(b, w.between()...)
	switch read := o.F == txn.Read || o.F == txn.ReadAll; {
	case o.F == txn.Delete, read && !(answered && o.Known), o.F == txn.Read && o.Value == txn.Nil && !w.lists:
		b = append(b, w.null()...)
	case o.F == txn.ReadAll:
		b, err = w.rows(b, w.h.List(o))
	case o.F == txn.Read && w.lists:
		b = append(b, '[')
		for i, v := range w.h.List(o) {
			if i > 0 {
				b = append(b, w.between()...)
			}
			if b, err = w.value(b, v); err != nil {
				return b, err
			}
		}
		b = append(b, ']')
	default:
		b, err = w.value(b, o.Value)
	}
	return append(b, ']'), err
}

func (w *writer) null() string {
	if w.format == EDN {
		return "nil"
	}
	return "null"
}

// rows writes pairs of key and value as a map.
func (w *writer) rows(b []byte, pairs []int32) ([]byte, error) {
	b = append(b, '{')
	for i := 0; i+1 < len(pairs); i += 2 {
		if i > 0 {
			b = append(b, w.between()...)
		}
		var err error
		if b, err = w.text(b, named(w.h.Keys[pairs[i]]), true); err != nil {
			return b, err
		}
		if w.format == EDN {
			b = append(b, ' ')
		} else {
			b = append(b, ':')
		}
		if b, err = w.value(b, pairs[i+1]); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

// value writes a value.
func (w *writer) value(b []byte, v int32) ([]byte, error) {
	if v >= 0 {
		return strconv.AppendInt(b, int64(v), 10), nil
	}
	if v == txn.Nil {
		return append(b, w.null()...), nil
	}
	spelled := w.h.Spelled[-1-v]
	if w.format == EDN {
		return append(b, spelled...), nil
	}
	parsed, err := edn.Parse(spelled)
	if err != nil {
		return b, fmt.Errorf("value %s: %w", spelled, err)
	}
	return w.text(b, parsed, false)
}

// text writes a key or a value. The name of a field of JSON must be a string.
func (w *writer) text(b []byte, v any, name bool) ([]byte, error) {
	if w.format == EDN {
		return edn.Append(b, v)
	}
	switch v := v.(type) {
	case string:
		return appendJSON(b, v)
	case int64:
		if !name {
			return strconv.AppendInt(b, v, 10), nil
		}
	case bool:
		if !name {
			return strconv.AppendBool(b, v), nil
		}
	}
	text, err := edn.Append(nil, v)
	if err != nil {
		return b, err
	}
	if number := bytes.TrimRight(text, "MN"); !name && (number[0] == '-' || number[0]-'0' <= 9) && json.Valid(number) {
		return append(b, number...), nil
	}
	return appendJSON(b, string(text))
}

// predicate writes a predicate, whose names are strings in JSON.
func (w *writer) predicate(b []byte, spelled string) ([]byte, error) {
	if w.format == EDN {
		return append(b, spelled...), nil
	}
	v, err := edn.Parse(spelled)
	if err != nil {
		return b, fmt.Errorf("predicate %s: %w", spelled, err)
	}
	list, ok := v.([]any)
	if !ok {
		return appendJSON(b, wordOf(v))
	}
	b = append(b, '[')
	for i, e := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if k, keyword := e.(edn.Keyword); keyword {
			b, err = appendJSON(b, string(k))
		} else {
			b, err = w.text(b, e, false)
		}
		if err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// plume writes registers as PolySI and Plume have them.
func (w *writer) plume() error {
	h := w.h
	seen, numbers, taken := map[[2]int32]bool{}, make([]string, len(h.Keys)), true
	for i, k := range h.Keys {
		n, ok := named(k).(int64)
		numbers[i] = strconv.FormatInt(n, 10)
		taken = taken && ok && n >= 0
	}
	for i := range numbers {
		if !taken { // by names that are no numbers
			numbers[i] = strconv.Itoa(i)
		}
	}
	for i, t := range h.Txns {
		for _, o := range h.OpsOf(int32(i)) {
			if err := w.register(o); err != nil {
				return err
			}
			if t.Type == history.OK && o.F == txn.Read {
				seen[[2]int32{o.Key, o.Value}] = true
			}
		}
	}
	for i, t := range h.Txns {
		ops := h.OpsOf(int32(i))
		if t.Type == history.Info && !slices.ContainsFunc(ops, func(o txn.Op) bool { return o.F == txn.Write && seen[[2]int32{o.Key, o.Value}] }) {
			continue
		}
		id := i + 1
		if t.Type == history.Fail {
			id = -1
		}
		for _, o := range ops {
			if o.F == txn.Read && (!o.Known || id < 0) {
				continue
			}
			if _, err := fmt.Fprintf(w.w, "%s(%s,%d,%d,%d)\n", nameOfOp(o.F), numbers[o.Key], max(o.Value, 0), t.Session, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// register checks that an operation is one that Plume has.
func (w *writer) register(o txn.Op) error {
	switch {
	case w.lists && o.F != txn.Read || o.Len > 0, o.F != txn.Read && o.F != txn.Write:
		return fmt.Errorf("plume has registers only, and no operation %s", nameOfOp(o.F))
	case o.Value < 0 && o.Value != txn.Nil:
		return fmt.Errorf("plume has values from 1 on only, and not %s", w.h.Spelled[-1-o.Value])
	case o.F == txn.Write && o.Value == 0:
		return fmt.Errorf("plume takes the value 0, which is written to key %s, for that of a register that was never written", w.h.Keys[o.Key])
	}
	return nil
}
