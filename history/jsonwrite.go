package history

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/lex"
)

// jsonWriter writes ops as elle-cli reads them.
type jsonWriter struct{ recorder }

// append appends an op as a JSON object.
func (w *jsonWriter) append(b []byte, op Op) ([]byte, error) {
	typ, j, err := w.record(op)
	if err != nil {
		return b, err
	}
	o := jsonObject{b: append(b, '{')}
	o.addOr(&j.More, "index", int64(op.Index))
	o.addOr(&j.More, "time", int64(op.Time))
	if op.Process == Nemesis {
		o.add("process", nemesisName)
	} else {
		o.addOr(&j.More, "process", op.Process)
	}
	o.addOr(&j.More, "type", typ.String())
	o.add("f", jsonText(j.F))
	if j.Unknown {
		// there is no value
	} else if w.keyed(op) {
		o.add("value", []any{jsonKey(op.Key), j.Value})
	} else {
		o.add("value", j.Value)
	}
	w.addRest(&o, op, j)
	return append(o.b, '}'), o.err
}

// addRest adds the fields that Jepsen's ops need not have.
func (w *jsonWriter) addRest(o *jsonObject, op Op, j JepsenOp) {
	if op.Key != "" && (j.Unknown || !w.keyed(op)) {
		o.add("key", op.Key)
	}
	if op.Node != "" {
		o.add("node", op.Node)
	}
	if _, note := op.Output.(JepsenOp); op.Process == Nemesis && !note {
		o.add(typeField, op.Type.String())
	}
	if op.Err != "" {
		o.add("error", op.Err)
	}
	for _, p := range j.More {
		name, err := edn.KeyName(p.Key)
		if err != nil && o.err == nil {
			o.err = err
		}
		o.add(name, p.Value)
	}
}

// jsonText returns s, or nil for nothing.
func jsonText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// jsonKey returns the value whose text is a key: a number, an array or an object
// if that reads back as the same key, and else a string.
func jsonKey(key string) any {
	if !isKeyEDN(key) {
		return key
	}
	v, err := edn.Parse(key)
	if err != nil {
		return key
	}
	raw, err := appendJSONValue(nil, v)
	if err != nil {
		return key
	}
	again, err := jsonField("", raw)
	if err != nil || keyText(again) != key {
		return key
	}
	return v
}

// A jsonObject is a JSON object that is being written.
type jsonObject struct {
	b     []byte
	names []string
	err   error
}

// addOr adds a field: v, unless more has another, which is taken from there.
func (o *jsonObject) addOr(more *edn.Map, name string, v any) {
	o.add(name, take(more, name, v))
}

// add adds a field. Two of one name are an error: no reader could take them.
func (o *jsonObject) add(name string, v any) {
	for _, n := range o.names {
		if n == name && o.err == nil {
			o.err = fmt.Errorf("two fields would have the name %q in JSON", name)
		}
	}
	if o.err != nil {
		return
	}
	if len(o.names) > 0 {
		o.b = append(o.b, ',')
	}
	o.names = append(o.names, name)
	o.b = append(lex.AppendString(o.b, name), ':')
	var err error
	if o.b, err = appendJSONValue(o.b, v); err != nil {
		o.err = fmt.Errorf("%s: %w", name, err)
	}
}

// appendJSONValue appends the JSON that comes closest to a value of EDN.
func appendJSONValue(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil, lex.Null:
		return append(b, "null"...), nil
	case edn.Keyword:
		return lex.AppendString(b, string(v)), nil
	case edn.Symbol:
		return lex.AppendString(b, string(v)), nil
	case edn.Char:
		return lex.AppendString(b, string(rune(v))), nil
	case *big.Int:
		return v.Append(b, 10), nil
	case *big.Rat:
		return lex.AppendString(b, v.String()), nil
	case edn.Decimal:
		if json.Valid([]byte(v)) {
			return append(b, v...), nil
		}
		return lex.AppendString(b, string(v)), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return lex.AppendString(b, edn.Must(v)), nil
		}
		return edn.AppendFloat(b, v), nil
	case []any:
		return appendArray(b, v)
	case edn.List:
		return appendArray(b, v)
	case edn.Set:
		return appendArray(b, v)
	case edn.Map:
		return appendObject(b, v)
	case map[string]any:
		return appendObject(b, edn.SortedMap(v))
	case edn.Tagged:
		return appendJSONValue(b, v.Value)
	}
	return appendAny(b, v)
}

// appendAny appends a value as encoding/json has it.
func appendAny(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return lex.AppendString(b, v), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return b, fmt.Errorf("value of type %T: %w", v, err)
	}
	return append(b, raw...), nil
}

func appendArray(b []byte, all []any) (_ []byte, err error) {
	b = append(b, '[')
	for i, v := range all {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendJSONValue(b, v); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

func appendObject(b []byte, m edn.Map) ([]byte, error) {
	o := jsonObject{b: append(b, '{')}
	for _, p := range m {
		name, err := edn.KeyName(p.Key)
		if err != nil {
			return b, err
		}
		o.add(name, p.Value)
	}
	return append(o.b, '}'), o.err
}
