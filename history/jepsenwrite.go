package history

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/capsize-go/capsize/history/edn"
)

// recorder says of ops what Jepsen would have recorded. It remembers the open
// calls, since a completion repeats what was invoked.
type recorder struct {
	independent bool
	open        map[int]asked // by process
}

// asked is what a process has invoked.
type asked struct {
	input any
	op    JepsenOp
}

// record returns what Jepsen would have recorded.
func (r *recorder) record(op Op) (Type, JepsenOp, error) {
	if err := op.check(); err != nil {
		return 0, JepsenOp{}, err
	}
	t, j := r.jepsen(op)
	if key, _, pair := tuple(j.Value); pair && r.independent && op.Key == "" && op.Process != Nemesis {
		return 0, JepsenOp{}, fmt.Errorf("the value of an op without a key is a pair: it would be read as one of key %q", key)
	}
	return t, j, nil
}

// keyed reports whether op is written as a pair of key and value.
func (r *recorder) keyed(op Op) bool {
	return r.independent && op.Key != "" && op.Process != Nemesis
}

// ednWriter writes ops as Jepsen does.
type ednWriter struct{ recorder }

// append appends an op as an EDN map.
func (e *ednWriter) append(b []byte, op Op) ([]byte, error) {
	typ, j, err := e.record(op)
	if err != nil {
		return b, err
	}
	b = append(b, "{:index "...)
	if b, err = appendOr(b, &j.More, "index", int64(op.Index)); err != nil {
		return b, err
	}
	if b, err = appendOr(append(b, ", :time "...), &j.More, "time", int64(op.Time)); err != nil {
		return b, err
	}
	b = append(b, ", :process "...)
	if name, ok := take(&j.More, "process", nil).(string); ok {
		b = edn.AppendString(b, name)
	} else {
		b = appendProcess(b, op.Process)
	}
	if b, err = appendOr(append(b, ", :type "...), &j.More, "type", edn.Keyword(typ.String())); err != nil {
		return b, err
	}
	b = appendFEDN(append(b, ", :f "...), j.F)
	if !j.Unknown {
		b = append(b, ", :value "...)
	}
	if b, err = e.appendRest(b, op, j); err != nil {
		return b, err
	}
	return append(b, '}'), nil
}

// appendProcess appends the number of a process, or the keyword of the nemesis.
func appendProcess(b []byte, process int) []byte {
	if process == Nemesis {
		return append(b, ":"+nemesisName...)
	}
	return strconv.AppendInt(b, int64(process), 10)
}

// appendValue appends the value: with its key, if the keys are independent.
func (r *recorder) appendValue(b []byte, op Op, j JepsenOp) ([]byte, error) {
	if !r.keyed(op) {
		return edn.Append(b, j.Value)
	}
	b = append(appendTextEDN(append(b, '['), op.Key, isKeyEDN(op.Key)), ' ')
	b, err := edn.Append(b, j.Value)
	return append(b, ']'), err
}

// appendRest appends the value, without its name, and what follows it.
func (e *ednWriter) appendRest(b []byte, op Op, j JepsenOp) (_ []byte, err error) {
	if !j.Unknown {
		if b, err = e.appendValue(b, op, j); err != nil {
			return b, err
		}
	}
	if op.Key != "" && (j.Unknown || !e.keyed(op)) {
		b = edn.AppendString(append(b, ", :key "...), op.Key)
	}
	if op.Node != "" {
		b = edn.AppendString(append(b, ", :node "...), op.Node)
	}
	if _, note := op.Output.(JepsenOp); op.Process == Nemesis && !note {
		b = append(append(b, ", :"+typeField+" :"...), op.Type.String()...)
	}
	if op.Err != "" {
		b = appendTextEDN(append(b, ", :error "...), op.Err, looksEDN(op.Err))
	}
	for _, p := range j.More {
		if b, err = edn.Append(append(b, ", "...), p.Key); err != nil {
			return b, err
		}
		if b, err = edn.Append(append(b, ' '), p.Value); err != nil {
			return b, err
		}
	}
	return b, nil
}

// jepsen returns what Jepsen would record.
func (r *recorder) jepsen(op Op) (Type, JepsenOp) {
	switch {
	case op.Process == Nemesis:
		return Info, fault2jepsen(op)
	case op.Type == Invoke:
		return r.invoke(op)
	}
	last := r.open[op.Process]
	delete(r.open, op.Process)
	if j, ok := op.Output.(JepsenOp); ok {
		return op.Type, j
	}
	if own, ok := last.input.(Jepsener); ok {
		return own.Jepsen(op.Type, op.Output)
	}
	j := JepsenOp{F: last.op.F, Value: last.op.Value}
	switch {
	case op.Output == nil:
	case j.Value == nil:
		j.Value = op.Output
	default:
		j.More = edn.Map{{Key: edn.Keyword("output"), Value: op.Output}}
	}
	return op.Type, j
}

// invoke returns what Jepsen records of an invocation.
func (r *recorder) invoke(op Op) (Type, JepsenOp) {
	t, j := op.Type, JepsenOp{Value: op.Input}
	if own, ok := op.Input.(Jepsener); ok {
		t, j = own.Jepsen(Invoke, nil)
	} else if as, ok := AsJepsen(op.Input); ok {
		j = as
		j.Value = withoutKey(as.Value, op.Key)
	}
	if r.open == nil {
		r.open = map[int]asked{}
	}
	r.open[op.Process] = asked{op.Input, j}
	return t, j
}

// withoutKey returns a value without the field key, if the op says the same.
func withoutKey(v any, key string) any {
	m, ok := v.(edn.Map)
	if at, there := m.Get(edn.Keyword("key")); !ok || !there || at != any(key) || key == "" {
		return v
	}
	take(&m, "key", nil)
	switch {
	case len(m) == 0:
		return nil
	case len(m) == 1 && m[0].Key == any(edn.Keyword("value")):
		return nameSteps(m[0].Value)
	}
	return m
}

// fault2jepsen returns what Jepsen records of an op of the nemesis.
func fault2jepsen(op Op) JepsenOp {
	if j, ok := op.Output.(JepsenOp); ok {
		return j
	}
	if op.Type == Invoke {
		return JepsenOp{F: "start", Value: op.Input}
	}
	return JepsenOp{F: "stop", Value: op.Output}
}

// appendOr appends the value of a field: v, unless more has another, which is
// taken from there.
func appendOr(b []byte, more *edn.Map, name string, v any) ([]byte, error) {
	return edn.Append(b, take(more, name, v))
}

// take takes the field of that name from more, and returns its value, or else v.
func take(more *edn.Map, name string, v any) any {
	for i, p := range *more {
		if p.Key == any(edn.Keyword(name)) {
			*more = slices.Concat((*more)[:i], (*more)[i+1:])
			return p.Value
		}
	}
	return v
}

// appendFEDN appends the name of what is done.
func appendFEDN(b []byte, f string) []byte {
	if f == "" {
		return append(b, "nil"...)
	}
	if looksEDN(f) && f[0] != ':' { // that would read as a name without a colon
		return append(b, f...)
	}
	return edn.AppendKeyword(b, f)
}

// appendTextEDN appends a text that is EDN as it is, and another as a string.
func appendTextEDN(b []byte, s string, isEDN bool) []byte {
	if isEDN {
		return append(b, s...)
	}
	return edn.AppendString(b, s)
}

// isKeyEDN reports whether the text of a key is that of a value other than a
// string.
func isKeyEDN(s string) bool {
	if looksEDN(s) {
		return true
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == s
}
