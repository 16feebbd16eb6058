// Package jsonvalue writes values of EDN as the JSON that comes closest to them.
package jsonvalue

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/lex"
)

// An Object is a JSON object that is being written. Nothing is added after an error.
type Object struct {
	text  []byte
	names []string
	err   error
}

// Begin returns an object without fields, to be appended to b.
func Begin(b []byte) *Object { return &Object{text: append(b, '{')} }

// End returns the whole text, and the first error.
func (o *Object) End() ([]byte, error) { return append(o.text, '}'), o.err }

// AddKey adds a field whose name is a key of EDN.
func (o *Object) AddKey(key, v any) {
	name, err := edn.KeyName(key)
	if err != nil && o.err == nil {
		o.err = err
	}
	o.Add(name, v)
}

// Add adds a field. Two of one name are an error: no reader could take them.
func (o *Object) Add(name string, v any) {
	for _, n := range o.names {
		if n == name && o.err == nil {
			o.err = fmt.Errorf("two fields would have the name %q in JSON", name)
		}
	}
	if o.err != nil {
		return
	}
	if len(o.names) > 0 {
		o.text = append(o.text, ',')
	}
	o.names = append(o.names, name)
	o.text = append(lex.AppendString(o.text, name), ':')
	var err error
	if o.text, err = Append(o.text, v); err != nil {
		o.err = fmt.Errorf("%s: %w", name, err)
	}
}

// Append appends the JSON that comes closest to a value of EDN.
func Append(b []byte, v any) ([]byte, error) {
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
		return Append(b, v.Value)
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
		if b, err = Append(b, v); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

func appendObject(b []byte, m edn.Map) ([]byte, error) {
	o := Begin(b)
	for _, p := range m {
		o.AddKey(p.Key, p.Value)
	}
	return o.End()
}
