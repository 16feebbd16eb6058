package history

import (
	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/jsonvalue"
)

// jsonWriter writes ops as elle-cli reads them.
type jsonWriter struct{ recorder }

// append appends an op as a JSON object.
func (w *jsonWriter) append(b []byte, op Op) ([]byte, error) {
	typ, j, err := w.record(op)
	if err != nil {
		return b, err
	}
	o := jsonvalue.Begin(b)
	o.Add("index", take(&j.More, "index", int64(op.Index)))
	o.Add("time", take(&j.More, "time", int64(op.Time)))
	if op.Process == Nemesis {
		o.Add("process", nemesisName)
	} else {
		o.Add("process", take(&j.More, "process", op.Process))
	}
	o.Add("type", take(&j.More, "type", typ.String()))
	o.Add("f", jsonText(j.F))
	if j.Unknown {
		// there is no value
	} else if w.keyed(op) {
		o.Add("value", []any{jsonKey(op.Key), j.Value})
	} else {
		o.Add("value", j.Value)
	}
	w.addRest(o, op, j)
	return o.End()
}

// addRest adds the fields that Jepsen's ops need not have.
func (w *jsonWriter) addRest(o *jsonvalue.Object, op Op, j JepsenOp) {
	if op.Key != "" && (j.Unknown || !w.keyed(op)) {
		o.Add("key", op.Key)
	}
	if op.Node != "" {
		o.Add("node", op.Node)
	}
	if _, note := op.Output.(JepsenOp); op.Process == Nemesis && !note {
		o.Add(typeField, op.Type.String())
	}
	if op.Err != "" {
		o.Add("error", op.Err)
	}
	for _, p := range j.More {
		o.AddKey(p.Key, p.Value)
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
	raw, err := jsonvalue.Append(nil, v)
	if err != nil {
		return key
	}
	again, err := jsonField("", raw)
	if err != nil || keyText(again) != key {
		return key
	}
	return v
}
