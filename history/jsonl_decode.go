package history

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"github.com/capsize-go/capsize/history/internal/lex"
)

// as returns the decoder of a type. It remembers what it takes to decode many
// values, so that it serves one reader only.
func as[T any]() decoder {
	t := reflect.TypeFor[T]()
	if t == reflect.TypeFor[any]() {
		return lex.Generic
	}
	if t == reflect.TypeFor[JepsenOp]() {
		return jepsenDecoder
	}
	_, own := any(new(T)).(json.Unmarshaler)
	nilable := own
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		nilable = true
	}
	var f feed
	d := json.NewDecoder(&f)
	d.DisallowUnknownFields()
	d.UseNumber()
	return func(raw []byte) (any, error) {
		if !nilable && string(raw) == "null" {
			return nil, fmt.Errorf("null is no %v", t)
		}
		var v T
		f.rest, f.end = raw, false
		if err := d.Decode(&v); err != nil {
			return nil, lex.JSONError(raw, err)
		}
		return plain(v), nil
	}
}

// jepsenDecoder decodes a JepsenOp, which looks at every byte itself.
func jepsenDecoder(raw []byte) (any, error) {
	var op JepsenOp
	if err := op.UnmarshalJSON(raw); err != nil {
		return nil, err
	}
	return op, nil
}

// plain returns v, with the numbers replaced that stand in a generic tree.
func plain(v any) any {
	switch v.(type) {
	case map[string]any, []any:
		return lex.Exact(v)
	}
	return v
}

// feed is what a json.Decoder reads: one value after the other.
type feed struct {
	rest []byte
	end  bool
}

// Read passes on the value and then, so that a number ends, a line break.
func (f *feed) Read(p []byte) (int, error) {
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	if n < len(p) && !f.end {
		p[n] = '\n'
		n++
		f.end = true
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// A decoder makes a value of a JSON value.
type decoder func(raw []byte) (any, error)
