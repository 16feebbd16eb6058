package txnfile

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
)

// general fills a record with what a map says.
func (rd *reader) general(rec *record, v any) error {
	if t, ok := v.(edn.Tagged); ok {
		v = t.Value
	}
	if list, ok := v.([]any); ok {
		var err error
		if v, err = fieldsOf(list); err != nil {
			return err
		}
	}
	m, ok := v.(edn.Map)
	if !ok {
		return fmt.Errorf("%s is no op: an op is a map with type, process, f and value", clip(v))
	}
	var seen []string
	var value any
	for _, p := range m {
		name, err := edn.KeyName(p.Key)
		if err != nil {
			return err
		}
		if to, ok := rd.opts.Rename.Field[name]; ok {
			name = to
		}
		for _, s := range seen {
			if s == name {
				return fmt.Errorf("field %s stands there twice", name)
			}
		}
		seen = append(seen, name)
		if rd.isValue(name) {
			if rec.hasValue {
				return errors.New("input and output in one op: an invocation has the one, and a completion the other")
			}
			value, rec.hasValue = p.Value, true
		} else if err := rd.set(rec, name, p.Value); err != nil {
			return err
		}
	}
	if rec.hasValue && !rec.nemesis {
		rec.bad = rd.transaction(rec, value)
	}
	return nil
}

// isValue reports whether a field has the operations of a transaction.
func (rd *reader) isValue(name string) bool {
	if rd.format == JSONL {
		return name == "input" || name == "output"
	}
	return name == "value"
}

// fieldsOf makes a map of an op that is a vector, as the line of a log: process, type, f, value and perhaps an error.
func fieldsOf(list []any) (edn.Map, error) {
	if len(list) < 3 || len(list) > 5 {
		return nil, fmt.Errorf("%s is no op: a vector of process, type, f and value", clip(list))
	}
	var m edn.Map
	for i, v := range list {
		name := [...]edn.Keyword{"process", "type", "f", "value", "error"}[i]
		m = append(m, edn.Pair{Key: name, Value: v})
	}
	return m, nil
}

// set sets a field other than the value.
func (rd *reader) set(rec *record, name string, v any) error {
	switch name {
	case "type":
		if v == nil {
			return nil
		}
		t, err := history.ParseType(wordOf(v))
		rec.typ, rec.typed = t, err == nil
		return err
	case "process":
		return setProcess(rec, v)
	case "time":
		n, ok := v.(int64)
		if !ok && v != nil {
			return fmt.Errorf("time %s is no whole number of 64 bits", clip(v))
		}
		rec.time, rec.timed = n, ok
	case "f":
		rec.hasF = true
		if v == nil {
			return nil
		}
		rec.f = wordOf(v)
		if to, ok := rd.opts.Rename.F[rec.f]; ok {
			rec.f = to
		}
	case "node":
		rec.node, _ = v.(string)
	}
	return nil
}

func setProcess(rec *record, v any) error {
	switch p := v.(type) {
	case nil:
		return nil
	case int64:
		if p < 0 {
			return fmt.Errorf("process %d is negative", p)
		}
		rec.process, rec.known = p, true
	case edn.Keyword, string:
		rec.name, rec.known = wordOf(p), true
		if rec.name == "nemesis" || rec.name == ":nemesis" {
			rec.nemesis, rec.name = true, ""
		}
	default:
		return fmt.Errorf("process %s is neither a number from 0 on, nor a name, nor nemesis", clip(v))
	}
	return nil
}

// wordOf returns the text of a name, which is a keyword or a string.
func wordOf(v any) string {
	switch v := v.(type) {
	case edn.Keyword:
		return string(v)
	case string:
		return v
	}
	return edn.Must(v)
}

// clip returns the EDN of a value, cut short if it is long.
func clip(v any) string {
	const most = 60
	b, err := edn.Append(nil, v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	if len(b) <= most {
		return string(b)
	}
	n := most
	for !utf8.RuneStart(b[n]) {
		n--
	}
	return string(b[:n]) + "…"
}

// items returns the elements of a vector or a list.
func items(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case edn.List:
		return v, true
	}
	return nil, false
}

// transaction fills the operations of a record with those that its value has.
func (rd *reader) transaction(rec *record, v any) error {
	if v == nil {
		rec.isNil = true
		return nil
	}
	if m, ok := v.(edn.Map); ok {
		return rd.mapped(rec, m)
	}
	ops, ok := items(v)
	if !ok {
		return fmt.Errorf("value %s is no transaction: a list of operations such as [:r x 1]", clip(v))
	}
	for i, o := range ops {
		if err := rd.operation(rec, o); err != nil {
			return fmt.Errorf("operation %d of the transaction: %w", i+1, err)
		}
	}
	return nil
}

// mapped reads a value that is a map: the rows that an init inserts, or an op of another recorder, as history.JepsenOp is in JSON.
func (rd *reader) mapped(rec *record, m edn.Map) error {
	if rd.format == JSONL {
		f, _ := m.Get("f")
		if name, ok := f.(string); ok {
			rec.f, rec.hasF = name, true
			v, has := m.Get("value")
			if text, ok := m.Get("edn"); ok && !has {
				s, _ := text.(string)
				parsed, err := edn.Parse(s)
				if err != nil {
					return fmt.Errorf("edn: %w", err)
				}
				v, has = parsed, true
			}
			if !has {
				rec.hasValue = false
				return nil
			}
			return rd.transaction(rec, v)
		}
	}
	if rec.f != "init" {
		return fmt.Errorf("value %s is no transaction: a list of operations such as [:r x 1]", clip(m))
	}
	for _, p := range m {
		if err := rd.operation(rec, []any{"insert", p.Key, p.Value}); err != nil {
			return err
		}
	}
	return nil
}

// operation adds one operation to a record.
func (rd *reader) operation(rec *record, v any) error {
	parts, ok := items(v)
	if !ok || len(parts) < 2 || len(parts) > 3 {
		return fmt.Errorf("%s is no operation: it has a name, a key and a value, such as [:r x 1]", clip(v))
	}
	f, known := opNames[wordOf(parts[0])]
	if !known {
		return fmt.Errorf("%s is none of the operations append, r, w, insert, delete and rp%s", clip(parts[0]), elsewhere(wordOf(parts[0])))
	}
	var arg any
	if len(parts) == 3 {
		arg = parts[2]
	}
	o := txn.Op{F: f, Value: txn.Nil}
	var err error
	if f == txn.ReadAll {
		return rd.readAll(rec, o, parts[1], arg)
	}
	if o.Key, err = rd.key(parts[1]); err != nil {
		return err
	}
	switch {
	case f == txn.Delete:
	case f == txn.Read:
		err = rd.read(rec, &o, arg)
	case arg == nil:
		err = fmt.Errorf("%s has no value", clip(v))
	default:
		o.Value, err = rd.in.value(arg)
	}
	rec.ops = append(rec.ops, o)
	return err
}

// elsewhere says which model knows an operation that this one does not.
func elsewhere(f string) string {
	switch f {
	case "send", "poll":
		return " (sends and polls are for --model kafka)"
	case "read", "write":
		return " (r and w are the names of reads and writes)"
	}
	return ""
}

// key returns the number of a key. In files of ours, a string of digits is a number, since the keys there are strings.
func (rd *reader) key(v any) (int32, error) {
	if s, ok := v.(string); ok && rd.format == JSONL {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
			return rd.in.key(n)
		}
	}
	return rd.in.key(v)
}

// read reads what a read returned.
func (rd *reader) read(rec *record, o *txn.Op, v any) (err error) {
	list, ok := items(v)
	switch {
	case v == nil:
		return nil
	case !ok:
		o.Known = true
		o.Value, err = rd.in.value(v)
		return err
	}
	o.Off, o.Len, o.Known = int32(len(rec.pool)), int32(len(list)), true
	for _, e := range list {
		if e == nil {
			return errors.New("nil is no element of a list")
		}
		n, err := rd.in.value(e)
		if err != nil {
			return err
		}
		rec.pool = append(rec.pool, n)
	}
	return nil
}

// readAll reads a read by predicate, and the rows that matched.
func (rd *reader) readAll(rec *record, o txn.Op, predicate, rows any) error {
	name, err := predicateName(predicate)
	if err != nil {
		return err
	}
	o.Key = rd.in.b.Predicate(name)
	m, ok := rows.(edn.Map)
	if !ok && rows != nil {
		return fmt.Errorf("rp returned %s: it returns a map of rows by key", clip(rows))
	}
	o.Known, o.Off, o.Len = ok, int32(len(rec.pool)), int32(2*len(m))
	for _, p := range m {
		k, err := rd.rowKey(p.Key)
		if err != nil {
			return err
		}
		if p.Value == nil {
			return fmt.Errorf("rp returned nil for the row %s", clip(p.Key))
		}
		n, err := rd.in.value(p.Value)
		if err != nil {
			return err
		}
		rec.pool = append(rec.pool, k, n)
	}
	rec.ops = append(rec.ops, o)
	return nil
}

// rowKey returns the number of a key of a map. In JSON such keys are strings, even if they are numbers elsewhere.
func (rd *reader) rowKey(v any) (int32, error) {
	if s, ok := v.(string); ok && rd.in.json {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
			return rd.in.key(n)
		}
		v = fromJSONText(s)
	}
	return rd.key(v)
}

// predicateName returns how a predicate is spelled: as Elle has it in EDN, also in JSON, where the first of a list is a name.
func predicateName(v any) (string, error) {
	switch p := v.(type) {
	case string:
		if p == "true" {
			v = edn.Keyword(p)
		}
	case []any:
		if s, ok := p[0].(string); len(p) > 0 && ok {
			v = append([]any{edn.Keyword(s)}, p[1:]...)
		}
	}
	return spelled(v)
}
