package history

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/lex"
)

// Renames gives names of a file the meaning of others: the f of ops, and fields of
// records. The zero value renames nothing.
type Renames struct {
	F     map[string]string // from the f that the file has to the f that is meant
	Field map[string]string // from the field that the file has to the field that is meant
}

// ParseRenames returns what a list such as "f:write-set=add,field:client=process"
// says, or an error that names the part which is no rename.
func ParseRenames(texts ...string) (Renames, error) {
	r := Renames{F: map[string]string{}, Field: map[string]string{}}
	for _, text := range texts {
		for part := range strings.SplitSeq(text, ",") {
			kind, pair, _ := strings.Cut(strings.TrimSpace(part), ":")
			from, to, ok := strings.Cut(pair, "=")
			from, to = strings.TrimPrefix(from, ":"), strings.TrimPrefix(to, ":")
			switch {
			case !ok || from == "" || to == "":
				return r, fmt.Errorf("rename %q is neither f:OLD=NEW nor field:OLD=NEW", part)
			case kind == "f":
				r.F[from] = to
			case kind == "field":
				r.Field[from] = to
			default:
				return r, fmt.Errorf("rename %q is neither f:OLD=NEW nor field:OLD=NEW", part)
			}
		}
	}
	return r, nil
}

// The fields of a record that have other names in some files, in the order in which
// they are looked for. A field counts only if a record has none of its own name.
var (
	processFields = []string{"client", "client_id", "clientId", "clientID", "ClientId", "ClientID", "client-id", "worker", "worker_id", "thread", "session"}
	typeFields    = []string{"kind", "Kind", "event", "phase", "ev"}
	fFields       = []string{"op", "operation", "method", "action", "function", "func", "cmd", "command"}
	valueFields   = []string{"input", "args", "arg", "argument", "val", "output", "result", "response", "ret"}
	idFields      = []string{"id", "Id", "op_id", "opId", "call_id", "callId", "request_id", "requestId", "req_id"}
	errorFields   = []string{"err", "Err", "reason", "error_message"}
	keyFields     = []string{"key", "Key", "k"}
	timeFields    = []string{"ts", "t", "timestamp", "at", "wall", "unix", "when", "timestamp_ns", "unix_nano"}
	timeStems     = []string{"time", "t", "ts", "at", "timestamp", "wall", "unix", "when"}
)

// typeWords are the words for a type in logs of events.
var typeWords = map[string]Type{
	"invoke": Invoke, "invocation": Invoke, "call": Invoke, "start": Invoke, "started": Invoke, "begin": Invoke, "request": Invoke,
	"ok": OK, "return": OK, "finish": OK, "finished": OK, "end": OK, "complete": OK, "completed": OK, "response": OK, "done": OK, "success": OK,
	"fail": Fail, "failed": Fail, "info": Info, "timeout": Info, "unknown": Info, "indeterminate": Info,
}

// fieldNames knows which fields of a file stand for those of an op.
type fieldNames struct {
	renames Renames
	units   map[string]int64 // nanoseconds that a field of times counts in, once it was seen
}

func newFieldNames(r Renames) fieldNames { return fieldNames{renames: r} }

// canonical returns the name of a field that is meant.
func (n *fieldNames) canonical(name string) string {
	if to, ok := n.renames.Field[name]; ok {
		return to
	}
	return name
}

// f returns the f that is meant.
func (n *fieldNames) f(name string) string {
	if to, ok := n.renames.F[name]; ok {
		return to
	}
	return name
}

// takeAny takes the first of some fields that a record has out of More.
func takeAny(m *edn.Map, names []string) (name string, v any, ok bool) {
	for _, name := range names {
		for i, p := range *m {
			if p.Key == any(edn.Keyword(name)) {
				if *m = append((*m)[:i:i], (*m)[i+1:]...); len(*m) == 0 {
					*m = nil // as if the field had never been there
				}
				return name, p.Value, true
			}
		}
	}
	return "", nil, false
}

// complete fills fields that a record lacks with those that have another name for
// them. It must have f or a type, so that it is an op.
func (r *records) complete(rec *record) (err error) {
	m := &rec.op.More
	if len(*m) == 0 {
		return nil
	}
	if err = r.completeType(rec); err != nil {
		return err
	}
	if !rec.hasF {
		if name, v, ok := takeAny(m, fFields); ok {
			if err = r.set(rec, "f", v); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	if !rec.hasF && (rec.kind == nil || rec.kind == Info) {
		return nil // a header, or a phase
	}
	if rec.process == nil {
		if name, v, ok := takeAny(m, processFields); ok && v != nil {
			if err = rec.setProcess(v); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	for _, name := range idFields {
		if v, ok := m.Get(edn.Keyword(name)); ok && rec.id == "" {
			rec.id = keyText(v)
		}
	}
	if !rec.hasValue {
		if _, v, ok := takeAny(m, valueFields); ok {
			rec.op.Value, rec.hasValue = v, true
		}
	}
	if rec.err == nil {
		_, rec.err, _ = takeAny(m, errorFields)
	}
	if rec.key == "" {
		if _, v, ok := takeAny(m, keyFields); ok && v != nil {
			rec.key, rec.hasKey = r.intern(keyText(v)), true
		}
	}
	if !rec.timed {
		return r.completeTime(rec)
	}
	return nil
}

// completeType finds the type of an event.
func (r *records) completeType(rec *record) error {
	m := &rec.op.More
	if rec.kind == nil {
		for _, name := range typeFields {
			v, ok := m.Get(edn.Keyword(name))
			if !ok {
				continue
			}
			if kind, is := v.(bool); is { // porcupine's EventKind: false is a call, true a return
				v = map[bool]string{false: "call", true: "return"}[kind]
			}
			if t, known := typeWords[strings.ToLower(nameText(v))]; known {
				_, _, _ = takeAny(m, []string{name})
				rec.kind = t
				break
			}
		}
	}
	if rec.kind != OK {
		return nil
	}
	if t, ok := outcomeOf(m); ok {
		rec.kind = t
	} else if e, ok := m.Get(edn.Keyword("err")); ok && rec.err == nil && e != nil && e != "" {
		rec.kind = Info // an error does not say that nothing happened
	}
	return nil
}

// outcomeFields say in a record how a call ended.
var outcomeFields = []string{"outcome", "status", "ok", "success"}

// outcomeOf returns how a call ended, if one of the fields says so. A call that is not
// ok is indeterminate: only the word fail says that it has not happened.
func outcomeOf(m *edn.Map) (Type, bool) {
	for _, name := range outcomeFields {
		v, ok := m.Get(edn.Keyword(name))
		if !ok {
			continue
		}
		switch v := v.(type) {
		case bool:
			_, _, _ = takeAny(m, []string{name})
			if v {
				return OK, true
			}
			return Info, true
		case string:
			word := strings.ToLower(v)
			t, known := typeWords[word]
			if word == "error" {
				t, known = Info, true
			}
			if known && t != Invoke {
				_, _, _ = takeAny(m, []string{name})
				return t, true
			}
		}
	}
	return 0, false
}

// completeTime finds the time of an op in a field of another name than time.
func (r *records) completeTime(rec *record) error {
	for _, p := range rec.op.More {
		name, ok := p.Key.(edn.Keyword)
		if !ok || !isTimeField(string(name)) {
			continue
		}
		t, err := r.fields.time(string(name), p.Value)
		if err != nil {
			return err
		}
		_, _, _ = takeAny(&rec.op.More, []string{string(name)})
		rec.time, rec.timed = t, true
		return nil
	}
	return nil
}

// isTimeField reports whether a field has the time of an op.
func isTimeField(name string) bool {
	for _, f := range timeFields {
		if name == f {
			return true
		}
	}
	stem, _ := unitOf(name)
	for _, s := range timeStems {
		if stem == s && stem != name {
			return true
		}
	}
	return false
}

// unitSuffixes are how the name of a field says in what it counts.
var unitSuffixes = []struct {
	suffix string
	unit   time.Duration
}{
	{"_ns", 1}, {"_nanos", 1}, {"_nano", 1}, {"-ns", 1}, {"_nanoseconds", 1}, {"Ns", 1}, {"Nanos", 1}, {"UnixNano", 1},
	{"_us", time.Microsecond}, {"_micros", time.Microsecond}, {"-us", time.Microsecond}, {"_microseconds", time.Microsecond}, {"Us", time.Microsecond}, {"Micros", time.Microsecond},
	{"_ms", time.Millisecond}, {"_millis", time.Millisecond}, {"-ms", time.Millisecond}, {"_milliseconds", time.Millisecond}, {"Ms", time.Millisecond}, {"Millis", time.Millisecond},
	{"_s", time.Second}, {"_sec", time.Second}, {"_secs", time.Second}, {"_seconds", time.Second}, {"-s", time.Second},
}

// unitOf returns the name of a field without the unit that it ends in, and the unit, or
// 0.
func unitOf(name string) (stem string, unit time.Duration) {
	for _, u := range unitSuffixes {
		if stem, ok := strings.CutSuffix(name, u.suffix); ok && stem != "" {
			return stem, u.unit
		}
	}
	return name, 0
}

// time returns the nanoseconds that a value of a field of times stands for. A text is
// RFC 3339. A number counts in the unit that the name of the field ends in. Without
// one, the first value of the field decides: one that is a time between 2001 and 2100
// in s, ms, µs or ns is that; a smaller whole number counts nanoseconds; anything else
// is ambiguous.
func (n *fieldNames) time(field string, v any) (int64, error) {
	switch v := v.(type) {
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return t.UnixNano(), nil
		}
		if i, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n.time(field, i)
		}
	case int64:
		unit, err := n.unit(field, float64(v))
		if err == nil && v != 0 && (v*unit)/v != unit {
			err = fmt.Errorf("%s %d is out of range", field, v)
		}
		return v * unit, err
	case float64:
		unit, err := n.unit(field, v)
		if err == nil && !(math.Abs(v)*float64(unit) < math.MaxInt64) {
			return 0, fmt.Errorf("%s %v is out of range", field, v)
		}
		if err == nil && unit == 1 && v != float64(int64(v)) {
			err = fmt.Errorf("%s %v has a fraction and no unit: end the field's name in _s, _ms or _us, or say --rename field:%[1]s=%[1]s_s", field, v)
		}
		return fromFloat(v, unit), err
	case edn.Decimal:
		if f, err := strconv.ParseFloat(string(v), 64); err == nil {
			return n.time(field, f)
		}
	}
	return 0, fmt.Errorf("%s %s is neither a number nor a time as RFC 3339 has it", field, lex.Clip(edn.Must(v)))
}

// fromFloat returns v units in nanoseconds. The whole part keeps its precision.
func fromFloat(v float64, unit int64) int64 {
	whole := int64(v)
	return whole*unit + int64((v-float64(whole))*float64(unit))
}

// epochUnits are the units of time with the values that the years from 2001 to 2100
// have in them.
var epochUnits = []struct {
	from, to float64
	unit     time.Duration
}{
	{9.7e8, 4.2e9, time.Second}, {9.7e11, 4.2e12, time.Millisecond},
	{9.7e14, 4.2e15, time.Microsecond}, {9.7e17, 4.2e18, 1},
}

// unit returns in what a field counts.
func (n *fieldNames) unit(field string, v float64) (int64, error) {
	if _, unit := unitOf(field); unit > 0 {
		return int64(unit), nil
	}
	if u, ok := n.units[field]; ok {
		return u, nil
	}
	unit := time.Duration(1)
	for _, e := range epochUnits {
		if v >= e.from && v <= e.to {
			unit = e.unit
		}
	}
	if n.units == nil {
		n.units = map[string]int64{}
	}
	n.units[field] = int64(unit)
	return int64(unit), nil
}
