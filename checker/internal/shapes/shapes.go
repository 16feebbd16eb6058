package shapes

import (
	"fmt"
	"reflect"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/model"
)

// A Call is a call of Jepsen's shape: a function and a value. Instants are indexes of ops.
type Call struct {
	F        string
	Value    any // the input
	Inv, End int // end is -1 if it never completed
	Typ      history.Type
}

// Until returns the instant by which the call had certainly ended; Never if it is indeterminate.
func (c Call) Until() int {
	if c.Typ == history.OK {
		return c.End
	}
	return model.Never
}

// A FieldReader reads function, key and value of inputs. It remembers the fields of the last type that it saw.
type FieldReader struct {
	last          reflect.Type
	many          bool // the value of last may be a slice
	f, key, value int  // of last; -1 where there is none
}

// Function returns the function of an input that is a struct with a field F, unless the input is of a type that says what it is to
// Jepsen, or its value might be a transaction.
func (s *FieldReader) Function(in any) (f string, ok bool) {
	switch in.(type) {
	case nil, history.JepsenOp, history.Jepsener:
		return "", false
	}
	v := reflect.ValueOf(in)
	if v.Kind() != reflect.Struct || !s.of(v.Type()) || s.many {
		return "", false
	}
	return v.Field(s.f).String(), true
}

// Call returns the call that an op invokes, and its key. In Jepsen's histories a completion may
// lack an invocation; it is a call that takes no time.
func (s *FieldReader) Call(op history.Op, i int) (c Call, key string, bad *BadValue) {
	c = Call{Inv: i, End: -1, Typ: history.Info}
	in := op.Input
	if op.Type != history.Invoke {
		c.End, c.Typ = i, op.Type
		in = op.Output
	}
	key = op.Key
	switch v := in.(type) {
	case history.JepsenOp:
		c.F, c.Value = v.F, v.Value
		return c, key, nil
	case history.Jepsener:
		_, jepsen := v.Jepsen(history.Invoke, nil)
		c.F, c.Value = jepsen.F, jepsen.Value
		return c, key, nil
	}
	v := reflect.ValueOf(in)
	if in != nil && v.Kind() == reflect.Struct && s.of(v.Type()) {
		c.F, c.Value = v.Field(s.f).String(), in
		if s.value >= 0 {
			c.Value = v.Field(s.value).Interface()
		}
		if s.key >= 0 && v.Field(s.key).String() != "" {
			key = v.Field(s.key).String()
		}
		return c, key, nil
	}
	jepsen, ok := history.AsJepsen(in)
	if !ok {
		return c, key, &BadValue{Op: op, Reason: fmt.Sprintf("%s asked for a %T that has no field F: %v", wording.Place(op), in, in)}
	}
	c.F, c.Value = jepsen.F, jepsen.Value
	if m, ok := jepsen.Value.(edn.Map); ok {
		if k, ok := m.Get(edn.Keyword("key")); ok && len(m) <= 2 {
			key, _ = k.(string)
			c.Value, _ = m.Get(edn.Keyword("value"))
		}
	}
	return c, key, nil
}

// of finds the fields of a struct, and reports whether it has a function.
func (s *FieldReader) of(t reflect.Type) bool {
	if t != s.last {
		*s = FieldReader{last: t, f: Field(t, "F", reflect.String), key: Field(t, "Key", reflect.String), value: Field(t, "Value", 0)}
		if s.value >= 0 {
			k := t.Field(s.value).Type.Kind()
			s.many = k == reflect.Slice || k == reflect.Interface
		}
	}
	return s.f >= 0
}

// Field returns the index of the exported field of a struct that has a name and, unless it is 0, a kind; -1 if there is none.
func Field(t reflect.Type, name string, kind reflect.Kind) int {
	f, ok := t.FieldByName(name)
	if !ok || len(f.Index) != 1 || !f.IsExported() || kind != 0 && f.Type.Kind() != kind {
		return -1
	}
	return f.Index[0]
}

// A BadValue is an op with a malformed value.
type BadValue struct {
	Op     history.Op
	Call   *history.Call // whose answer it is, if it is one
	Reason string
}

// Result is Invalid if an answer is malformed, and Unknown if a question is.
func (b *BadValue) Result(name string, h *history.History) checker.Result {
	r := checker.Result{Checker: name, Verdict: checker.Unknown, Reason: b.Reason}
	if b.Call != nil {
		r.Verdict = checker.Invalid
		r.Counterexample = &checker.Counterexample{Key: b.Op.Key, Reason: b.Reason, Calls: []history.Call{*b.Call}, Judged: h.Len()}
	}
	return r
}
