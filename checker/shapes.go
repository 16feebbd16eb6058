package checker

import (
	"fmt"
	"reflect"

	"github.com/capsize-go/capsize/history"
)

// A jepsenCall is a call as these rules see it. Instants are indexes of ops.
type jepsenCall struct {
	f        string
	value    any // what was asked
	inv, end int // end is -1 if it never completed
	typ      history.Type
}

// until returns the instant by which the call had certainly ended.
func (c jepsenCall) until() int {
	if c.typ == history.OK {
		return c.end
	}
	return never
}

// Shapes finds the fields of inputs.
type shapes struct {
	last          reflect.Type
	f, key, value int // of last; -1 where there is none
}

// call returns the call that an op invokes, and its key. A completion of Jepsen's
// that has no invocation is a call of an instant.
func (s *shapes) call(op history.Op, i int) (c jepsenCall, key string, bad *badValue) {
	c = jepsenCall{inv: i, end: -1, typ: history.Info}
	in := op.Input
	if op.Type != history.Invoke {
		c.end, c.typ = i, op.Type
		in = op.Output
	}
	key = op.Key
	switch v := in.(type) {
	case history.JepsenOp:
		c.f, c.value = v.F, v.Value
		return c, key, nil
	case history.Jepsener:
		_, told := v.Jepsen(history.Invoke, nil)
		c.f, c.value = told.F, told.Value
		return c, key, nil
	}
	v := reflect.ValueOf(in)
	if in != nil && v.Kind() == reflect.Struct && s.of(v.Type()) {
		c.f, c.value = v.Field(s.f).String(), in
		if s.value >= 0 {
			c.value = v.Field(s.value).Interface()
		}
		if s.key >= 0 && v.Field(s.key).String() != "" {
			key = v.Field(s.key).String()
		}
		return c, key, nil
	}
	told, ok := history.AsJepsen(in)
	if !ok {
		return c, key, &badValue{op: op, reason: fmt.Sprintf("%s asked for a %T that has no field F: %v", place(op), in, in)}
	}
	c.f, c.value = told.F, told.Value
	if m, ok := told.Value.(history.Map); ok {
		if k, ok := m.Get(history.Keyword("key")); ok && len(m) <= 2 {
			key, _ = k.(string)
			c.value, _ = m.Get(history.Keyword("value"))
		}
	}
	return c, key, nil
}

// of reports whether a struct has the fields of an input.
func (s *shapes) of(t reflect.Type) bool {
	if t != s.last {
		*s = shapes{last: t, f: field(t, "F", reflect.String), key: field(t, "Key", reflect.String), value: field(t, "Value", 0)}
	}
	return s.f >= 0
}

func field(t reflect.Type, name string, kind reflect.Kind) int {
	f, ok := t.FieldByName(name)
	if !ok || len(f.Index) != 1 || !f.IsExported() || kind != 0 && f.Type.Kind() != kind {
		return -1
	}
	return f.Index[0]
}

// A badValue is an op that makes no sense to a rule.
type badValue struct {
	op     history.Op
	call   *history.Call // whose answer it is, if it is one
	reason string
}

// result is Invalid if the system answered nonsense, and Unknown if nonsense was asked.
func (b *badValue) result(name string, h *history.History) Result {
	r := Result{Checker: name, Verdict: Unknown, Reason: b.reason}
	if b.call != nil {
		r.Verdict = Invalid
		r.Why = &Why{Key: b.op.Key, Reason: b.reason, Calls: []history.Call{*b.call}, Of: h.Len()}
	}
	return r
}
