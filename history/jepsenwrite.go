package history

import (
	"fmt"
	"strconv"
)

// ednWriter writes ops as Jepsen does. It remembers the open calls, since a
// completion repeats what was invoked.
type ednWriter struct {
	independent bool
	open        map[int]asked // by process
}

// asked is what a process has invoked.
type asked struct {
	input any
	op    JepsenOp
}

// append appends an op as an EDN map.
func (e *ednWriter) append(b []byte, op Op) ([]byte, error) {
	if err := op.check(); err != nil {
		return b, fmt.Errorf("encode op %d: %w", op.Index, err)
	}
	start := len(b)
	typ, j := e.jepsen(op)
	b = append(b, "{:index "...)
	b, err := appendOr(b, &j.More, "index", int64(op.Index))
	if err == nil {
		b, err = appendOr(append(b, ", :time "...), &j.More, "time", int64(op.Time))
	}
	b = append(b, ", :process "...)
	if op.Process == Nemesis {
		b = append(b, ":nemesis, :type "...)
		typ = Info
	} else {
		b = append(strconv.AppendInt(b, int64(op.Process), 10), ", :type "...)
	}
	if err == nil {
		b, err = appendOr(b, &j.More, "type", Keyword(typ.String()))
	}
	b = appendFEDN(append(b, ", :f "...), j.F)
	if err == nil {
		b, err = e.appendRest(append(b, ", :value "...), op, j)
	}
	if err != nil {
		return b[:start], fmt.Errorf("encode op %d: %w", op.Index, err)
	}
	return append(b, '}'), nil
}

// appendRest appends the value, without its name, and what follows it.
func (e *ednWriter) appendRest(b []byte, op Op, j JepsenOp) (_ []byte, err error) {
	tuple := e.independent && op.Key != "" && op.Process != Nemesis
	if tuple {
		b = append(appendTextEDN(append(b, '['), op.Key, isKeyEDN(op.Key)), ' ')
	}
	if b, err = AppendEDN(b, j.Value); err != nil {
		return b, err
	}
	if tuple {
		b = append(b, ']')
	} else if op.Key != "" {
		b = appendEDNString(append(b, ", :key "...), op.Key)
	}
	if op.Node != "" {
		b = appendEDNString(append(b, ", :node "...), op.Node)
	}
	if _, note := op.Output.(JepsenOp); op.Process == Nemesis && !note {
		b = append(append(b, ", :"+typeField+" :"...), op.Type.String()...)
	}
	if op.Err != "" {
		b = appendTextEDN(append(b, ", :error "...), op.Err, looksEDN(op.Err))
	}
	for _, p := range j.More {
		if b, err = AppendEDN(append(b, ", "...), p.Key); err != nil {
			return b, err
		}
		if b, err = AppendEDN(append(b, ' '), p.Value); err != nil {
			return b, err
		}
	}
	return b, nil
}

// jepsen returns what Jepsen would record.
func (e *ednWriter) jepsen(op Op) (Type, JepsenOp) {
	switch {
	case op.Process == Nemesis:
		return Info, fault2jepsen(op)
	case op.Type == Invoke:
		return e.invoke(op)
	}
	last := e.open[op.Process]
	delete(e.open, op.Process)
	if j, ok := op.Output.(JepsenOp); ok {
		return op.Type, j
	}
	if own, ok := last.input.(Jepsener); ok {
		return own.Jepsen(op.Type, op.Output)
	}
	j := JepsenOp{F: last.op.F, Value: last.op.Value}
	if op.Output != nil {
		j.Value = op.Output
	}
	return op.Type, j
}

// invoke returns what Jepsen records of an invocation.
func (e *ednWriter) invoke(op Op) (Type, JepsenOp) {
	t, j := op.Type, JepsenOp{Value: op.Input}
	if own, ok := op.Input.(Jepsener); ok {
		t, j = own.Jepsen(Invoke, nil)
	} else if as, ok := AsJepsen(op.Input); ok {
		j = as
	}
	if e.open == nil {
		e.open = map[int]asked{}
	}
	e.open[op.Process] = asked{op.Input, j}
	return t, j
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
func appendOr(b []byte, more *Map, name string, v any) ([]byte, error) {
	rest := Map{}
	for _, p := range *more {
		if p.Key == any(Keyword(name)) {
			v = p.Value
		} else {
			rest = append(rest, p)
		}
	}
	if len(*more) > 0 {
		*more = rest
	}
	return AppendEDN(b, v)
}

// appendFEDN appends the name of what is done.
func appendFEDN(b []byte, f string) []byte {
	if f == "" {
		return append(b, "nil"...)
	}
	if looksEDN(f) {
		return append(b, f...)
	}
	return appendKeyword(b, f)
}

// appendTextEDN appends a text that is EDN as it is, and another as a string.
func appendTextEDN(b []byte, s string, isEDN bool) []byte {
	if isEDN {
		return append(b, s...)
	}
	return appendEDNString(b, s)
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
