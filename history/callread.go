package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/attributes"
	"github.com/capsize-go/capsize/history/internal/lex"
)

// callFile is a file of one JSON object a call that is being read. It is read as a
// whole: the ops of a history stand in the order of their times.
type callFile struct {
	objects jsonFile
	records *records
	all     []*record
	clients map[any]bool
	calls   int
}

// scanCalls yields the ops of a file with one record a call.
func scanCalls(r io.Reader, name string, opts Options) iter.Seq2[Op, error] {
	return func(yield func(Op, error) bool) {
		rs := newRecords(opts)
		f := callFile{objects: jsonFile{r: counter{r: r}, records: rs}, records: rs, clients: map[any]bool{}}
		f.objects.d = json.NewDecoder(&f.objects.r)
		if line, op, err := f.read(); err != nil {
			yield(Op{}, opError(name, line, op, err))
			return
		}
		f.order()
		rs.sequence.overlaps = true // the order of lines says nothing in this format
		rs.ops(name, func(yield func(*record, error) bool) {
			for _, rec := range f.all {
				if !yield(rec, nil) {
					return
				}
			}
		})(yield)
	}
}

// read reads all calls. It returns the place of an error.
func (f *callFile) read() (line, op int, err error) {
	for {
		raw, err := f.objects.next()
		if err == io.EOF {
			return 0, 0, nil
		}
		if err == nil {
			err = f.call(raw)
		}
		if err != nil {
			line, op = f.objects.place(err)
			return line, op, err
		}
	}
}

// order sorts the ops by time. Where all calls are of one client, or of none, that says
// nothing of which calls overlap: porcupine asks for a ClientId only to draw.
func (f *callFile) order() {
	byTime(f.all)
	if len(f.clients) > 1 {
		return
	}
	for _, rec := range f.all {
		rec.process = nil
	}
}

// call reads the call that an object spells, or passes over a header.
func (f *callFile) call(raw []byte) error {
	var m edn.Map
	err := lex.EachField(raw, func(field, raw []byte) error {
		name := f.records.fields.canonical(string(field))
		if _, twice := m.Get(edn.Keyword(name)); twice {
			return fmt.Errorf("field %q stands there twice", name)
		}
		v, err := jsonField(valueName(name), raw)
		m = append(m, edn.Pair{Key: edn.Keyword(name), Value: v})
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
		return err
	})
	if m = attributes.Flatten(m, f.records.fields.canonical); err != nil {
		return err
	}
	line := f.objects.r.line(f.objects.d.InputOffset())
	inv := &record{index: -1, line: line, kind: Invoke, timed: true}
	ret := &record{index: -1, line: line, timed: true}
	returned, err := f.times(&m, inv, ret)
	if errors.Is(err, errHeader) && !hasAny(m, fFields, []string{"f", "Input", "input"}) {
		return nil
	}
	if errors.Is(err, errHeader) {
		return errors.New("no start time: it is in a field call, start, invoke or begin, or such a name with _ns, _us, _ms, _s or _at; " +
			"if a field of another name has it, say --rename field:NAME=call")
	}
	if err != nil {
		return err
	}
	if err := f.input(&m, inv); err != nil {
		return err
	}
	f.calls++
	inv.id = fmt.Sprint("call ", f.calls)
	ret.id, ret.process, ret.key, ret.hasF = inv.id, inv.process, inv.key, true
	ret.op.F = inv.op.F
	f.clients[inv.process] = true
	f.all = append(f.all, inv)
	if f.output(&m, inv, ret, returned); returned {
		f.all = append(f.all, ret)
	}
	inv.op.More = m
	return nil
}

// valueName returns value for the fields whose JSON is read as that of value is.
func valueName(name string) string {
	if slices.Contains(inputFields, name) || slices.Contains(outputFields, name) || slices.Contains(valueNames, name) {
		return "value"
	}
	return name
}

func hasAny(m edn.Map, lists ...[]string) bool {
	for _, names := range lists {
		for _, n := range names {
			if _, ok := m.Get(edn.Keyword(n)); ok {
				return true
			}
		}
	}
	return false
}

// The fields of calls, beside those of events.
var (
	inputFields  = []string{"Input", "input", "args", "arg", "argument", "request", "op"}
	outputFields = []string{"Output", "output", "result", "response", "ret", "Result", "Response"}
	valueNames   = []string{"value", "Value", "val", "Val", "v", "Arg", "arg1", "new", "New"}
	oldNames     = []string{"old", "Old", "from", "From", "expected", "Expected", "expect", "Expect"}
	newNames     = []string{"new", "New", "to", "To"}
	callFNames   = []string{"f", "F", "Op", "Operation", "Method", "Kind", "Type", "Name", "Action", "kind", "name"}
	startStems   = []string{"call", "invoke", "invoked", "invocation", "start", "started", "begin", "began"}
	endStems     = []string{"return", "returned", "end", "ended", "finish", "finished", "complete", "completed", "respond", "done", "stop"}
	spanStems    = []string{"duration", "latency", "elapsed", "took"}
	repeated     = []string{"write", "put", "set", "append", "enqueue", "push"}
)

// isEndField reports whether a field has the time of one end of a call: call, callTime,
// call_ts, started_at, end_ns, Return.
func isEndField(name string, stems []string) bool {
	stem, _ := unitOf(name)
	for _, suffix := range []string{"_ts", "_time", "_at", "Time", "At", "Ts", "_timestamp", "Timestamp"} {
		stem = strings.TrimSuffix(stem, suffix)
	}
	return slices.Contains(stems, strings.ToLower(stem))
}

// takeEnd takes the field of one end of a call, or of its length.
func takeEnd(m *edn.Map, stems []string) (string, any) {
	for _, p := range *m {
		if name, ok := p.Key.(edn.Keyword); ok && isEndField(string(name), stems) {
			if _, isMap := p.Value.(edn.Map); isMap {
				continue
			}
			_, v, _ := takeAny(m, []string{string(name)})
			return string(name), v
		}
	}
	return "", nil
}

// times reads when a call began and when it returned, if it did.
func (f *callFile) times(m *edn.Map, inv, ret *record) (returned bool, err error) {
	name, v := takeEnd(m, startStems)
	if v == nil {
		return false, errHeader
	}
	if inv.time, err = f.records.fields.time(name, v); err != nil {
		return false, err
	}
	endName, end := takeEnd(m, endStems)
	spanName, span := takeEnd(m, spanStems)
	if n, ok := end.(int64); ok && (n <= 0 && inv.time > 0 || n == math.MaxInt64) {
		end = nil // never
	}
	switch {
	case end != nil:
		ret.time, err = f.records.fields.time(endName, end)
		if a, b := f.records.fields.units[name], f.records.fields.units[endName]; err == nil && a != b && a > 0 && b > 0 {
			err = fmt.Errorf("%s seems to count in %v and %s in %v: end their names in _ns, _us, _ms or _s, or say --rename field:%[1]s=%[1]s_ns",
				name, time.Duration(a), endName, time.Duration(b))
		}
	case span != nil:
		if ret.time, err = f.records.fields.time(spanName, span); err == nil {
			ret.time += inv.time
		}
	default:
		return false, nil
	}
	if err == nil && ret.time < inv.time {
		err = fmt.Errorf("the call returned at %d, before it began at %d", ret.time, inv.time)
	}
	return true, err
}

// input reads what a call asked: process, f, key and value, some of which may be in an
// object of their own.
func (f *callFile) input(m *edn.Map, inv *record) (err error) {
	if _, v, ok := takeAny(m, append([]string{"process"}, processFields...)); ok && v != nil {
		if err := inv.setProcess(v); err != nil {
			return err
		}
	}
	from := *m
	for _, name := range inputFields {
		v, _ := m.Get(edn.Keyword(name))
		if in, ok := v.(edn.Map); ok {
			_, _, _ = takeAny(m, []string{name})
			from = append(keywords(in), *m...)
			break
		}
	}
	inside := len(from) > len(*m)
	_, name, ok := takeAny(&from, append(slices.Clone(callFNames), fFields...))
	if t, is := from.Get(edn.Keyword("type")); !ok && is {
		if _, outcome := typeWords[nameText(t)]; !outcome {
			_, name, ok = takeAny(&from, []string{"type"})
		}
	}
	if !ok {
		return errors.New("no f: nothing says what the call did; if a field of another name has it, say --rename field:NAME=f")
	}
	inv.op.F, inv.hasF = f.records.fields.f(f.records.intern(nameText(name))), true
	if _, k, ok := takeAny(&from, keyFields); ok && k != nil {
		inv.key, inv.hasKey = f.records.intern(keyText(k)), true
	}
	inv.op.Value, inv.hasValue = callValue(&from, inv.op.F), true
	if !inside {
		*m = from
		return nil
	}
	*m = slices.DeleteFunc(*m, func(p edn.Pair) bool { _, left := from.Get(p.Key); return !left })
	return nil
}

// callValue takes what a call puts: one value, or for a cas what it expects and puts.
func callValue(m *edn.Map, f string) any {
	if _, old, ok := takeAny(m, oldNames); ok {
		if _, v, ok := takeAny(m, append(slices.Clone(newNames), valueNames...)); ok {
			return []any{old, v}
		}
		return old
	}
	_, v, ok := takeAny(m, valueNames)
	if !ok {
		_, v, _ = takeAny(m, inputFields)
	}
	return v
}

// keywords returns a map from JSON with keywords for names.
func keywords(m edn.Map) edn.Map {
	out := make(edn.Map, len(m))
	for i, p := range m {
		name, _ := p.Key.(string)
		out[i] = edn.Pair{Key: edn.Keyword(name), Value: p.Value}
	}
	return out
}

// output reads what a call was answered, and whether it was done. An error, or an
// answer that is not ok, leaves it indeterminate, unless a word for a failure says that
// it was not done.
func (f *callFile) output(m *edn.Map, inv, ret *record, returned bool) {
	ret.kind = OK
	if _, e, ok := takeAny(m, append([]string{"error"}, errorFields...)); ok && e != nil && e != "" {
		ret.err, ret.kind = e, Info
	}
	for _, name := range []string{"type", "Type"} {
		v, _ := m.Get(edn.Keyword(name))
		if t, known := typeWords[strings.ToLower(nameText(v))]; known && t != Invoke {
			ret.kind = t
			_, _, _ = takeAny(m, []string{name})
		}
	}
	if t, ok := outcomeOf(m); ok {
		ret.kind = t
	}
	_, out, answered := takeAny(m, outputFields)
	if answer, ok := out.(edn.Map); ok {
		out = f.answer(keywords(answer), inv, ret)
	}
	if done, is := out.(bool); is && inv.op.F == "cas" {
		if ret.kind == OK && !done {
			ret.kind = Fail
		}
		out = nil
	}
	if !returned {
		ret.kind = Info
	}
	ret.op.Value, ret.hasValue = inv.op.Value, true
	if answered && !repeats(inv, out) {
		ret.op.Value = out
	}
}

// repeats reports whether the completion of a call repeats what it put: its answer says
// no more than that it was done. A record of a Go program has a field for the output of every call,
// so the zero value of a put, a write or the like says nothing either.
func repeats(inv *record, out any) bool {
	if inv.op.Value == nil || inv.op.Value == "" {
		return false
	}
	if word, isText := out.(string); out == nil || out == true || isText && (word == "" || strings.EqualFold(word, "ok")) {
		return true
	}
	return out == int64(0) && (slices.Contains(repeated, inv.op.F) || edn.AllDigits(inv.op.F))
}

// answer reads an answer that is an object: the value in it, and fields that say whether
// there was one.
func (f *callFile) answer(m edn.Map, inv, ret *record) any {
	for _, p := range m {
		name, _ := p.Key.(edn.Keyword)
		yes, isBool := p.Value.(bool)
		switch strings.ToLower(string(name)) {
		case "err", "error":
			if p.Value != nil && p.Value != "" {
				ret.err, ret.kind = p.Value, Info
			}
		case "unknown", "timeout", "timedout":
			if yes {
				ret.kind = Info
			}
		case "exists", "found":
			if isBool && !yes {
				return nil
			}
		case "ok", "success", "swapped", "done":
			switch {
			case !isBool || yes:
			case inv.op.F == "cas":
				ret.kind = Fail
			case ret.kind == OK:
				ret.kind = Info
			}
		}
	}
	_, v, _ := takeAny(&m, append(slices.Clone(valueNames), outputFields...))
	return v
}
