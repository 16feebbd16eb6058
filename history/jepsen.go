package history

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/lex"
)

// A JepsenOp is what a history of Jepsen says of an op beyond time, process and
// type. It is the Input of an invocation and the Output of a completion: Jepsen
// repeats F in a completion, and the value, unless it is what was read.
type JepsenOp struct {
	F     string  // what is done: read, write, cas, txn, …
	Value any     // see [edn.Parse] for the types
	More  edn.Map // the op's other fields, but those that an Op has a place for

	// Unknown marks the output of an OK that has no value at all: what was answered is
	// not known. An OK with the value nil was answered nothing.
	Unknown bool
}

// String returns F and the value, as EDN.
func (o JepsenOp) String() string {
	switch {
	case o.Value == nil:
		return o.F
	case o.F == "":
		return edn.Must(o.Value)
	}
	return o.F + " " + edn.Must(o.Value)
}

// A Jepsener is an input that knows how Jepsen records its calls. An [Encoder]
// asks it. Of other inputs, a field f is taken for F and what there is besides for
// the value; an output is the value of the completion if nothing but it is, as
// with a read, and else stands beside the value that was asked, as output.
type Jepsener interface {
	// Jepsen returns the type and what else Jepsen records when a call of this
	// input is invoked or completes; the output is nil unless the type is OK.
	Jepsen(t Type, output any) (Type, JepsenOp)
}

// jepsenJSON is a JepsenOp in JSON. Value is used where it reads back the same,
// and EDN otherwise.
type jepsenJSON struct {
	F     string          `json:"f"`
	Value json.RawMessage `json:"value,omitempty"`
	EDN   string          `json:"edn,omitempty"`
	More  string          `json:"more,omitempty"`

	Unknown bool `json:"unknown,omitempty"`
}

// jepsenFields are the fields of a JepsenOp in JSON.
var jepsenFields = [...]string{"f", "value", "edn", "more", "unknown"}

// MarshalJSON returns an object with the fields f and value; or, where JSON has no
// such value, f and the text edn. Other fields of the op are the text more, and what
// has no value is unknown.
func (o JepsenOp) MarshalJSON() ([]byte, error) {
	j := jepsenJSON{F: o.F, Unknown: o.Unknown}
	if len(o.More) > 0 {
		b, err := edn.Append(nil, o.More)
		if err != nil {
			return nil, err
		}
		j.More = string(b)
	}
	var err error
	switch {
	case o.Value == nil:
	case natural(o.Value) || naturalTxn(o.Value):
		j.Value, err = json.Marshal(o.Value)
	default:
		var b []byte
		b, err = edn.Append(nil, o.Value)
		j.EDN = string(b)
	}
	if err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON returns.
func (o *JepsenOp) UnmarshalJSON(b []byte) error {
	*o = JepsenOp{}
	return lex.EachField(b, func(name, raw []byte) (err error) {
		var text string
		switch string(name) {
		case "f":
			o.F, err = lex.ParseString(raw)
		case "value":
			o.Value, err = jepsenValue(raw)
		case "edn":
			if text, err = lex.ParseString(raw); err == nil {
				o.Value, err = edn.Parse(text)
			}
		case "unknown":
			if o.Unknown = string(raw) == "true"; !o.Unknown && string(raw) != "false" {
				err = fmt.Errorf("%s is neither true nor false", lex.Clip(raw))
			}
		case "more":
			if text, err = lex.ParseString(raw); err == nil {
				var more any
				more, err = edn.Parse(text)
				m, isMap := more.(edn.Map)
				switch {
				case !isMap && err == nil:
					err = fmt.Errorf("%s is no map", lex.Clip(text))
				case len(m) > 0:
					o.More = m
				}
			}
		default:
			return fmt.Errorf("unknown field %q: a JepsenOp has %s", name, strings.Join(jepsenFields[:], ", "))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}

// jepsenValue returns the value that JSON spells, as elle-cli understands it:
// the names of the steps of a transaction are keywords.
func jepsenValue(raw []byte) (any, error) {
	v, err := lex.Generic(raw)
	if err != nil {
		return nil, err
	}
	return nameSteps(fromJSON(v)), nil
}

// nameSteps makes keywords of the names of the steps, if v is a transaction. It
// changes v.
func nameSteps(v any) any {
	if !isTxn[string](v) {
		return v
	}
	for _, s := range v.([]any) {
		if step, ok := s.([]any); ok && len(step) > 0 {
			if name, ok := step[0].(string); ok {
				step[0] = edn.Keyword(name)
			}
		}
	}
	return v
}

// isTxn reports whether v is a vector whose first element is a vector whose first
// element is a Name.
func isTxn[Name any](v any) bool {
	if steps, ok := v.([]any); ok && len(steps) > 0 {
		if step, ok := steps[0].([]any); ok && len(step) > 0 {
			_, ok := step[0].(Name)
			return ok
		}
	}
	return false
}

// fromJSON returns a copy of generic JSON, of the types of EDN.
func fromJSON(v any) any {
	switch v := v.(type) {
	case lex.Null:
		return nil
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = fromJSON(v[i])
		}
		return all
	case map[string]any:
		m := edn.SortedMap(v)
		for i := range m {
			m[i].Value = fromJSON(m[i].Value)
		}
		return m
	case json.Number:
		n, err := edn.ParseNumber([]byte(v))
		f, float := n.(float64)
		if err == nil && (!float || string(edn.AppendFloat(nil, f)) == string(v)) {
			return n
		}
		return edn.Decimal(v)
	}
	return v
}

// natural reports whether JSON of v reads back as v, but for Go's kinds of
// numbers.
func natural(v any) bool {
	if isTxn[string](v) {
		return false // its names would be taken for keywords
	}
	return plainJSON(v)
}

func plainJSON(v any) bool {
	switch v := v.(type) {
	case nil, bool, string, int, int64:
		return true
	case float64:
		raw, err := json.Marshal(v)
		if err != nil {
			return false
		}
		n, ok := lex.Number(string(raw)).(float64)
		return ok && n == v
	case []any:
		for _, e := range v {
			if !plainJSON(e) {
				return false
			}
		}
		return true
	case edn.Map:
		return plainMap(v)
	}
	return false
}

func plainMap(m edn.Map) bool {
	last := ""
	for i, p := range m {
		name, ok := p.Key.(string)
		if !ok || i > 0 && name <= last || !plainJSON(p.Value) {
			return false
		}
		last = name
	}
	return true
}

// naturalTxn reports whether v is a transaction whose steps have names that are
// keywords, and nothing else in it is special.
func naturalTxn(v any) bool {
	if !isTxn[edn.Keyword](v) {
		return false
	}
	for _, s := range v.([]any) {
		step, ok := s.([]any)
		if !ok || len(step) == 0 {
			return false
		}
		if _, ok := step[0].(edn.Keyword); !ok || !plainJSON(step[1:]) {
			return false
		}
	}
	return true
}

// AsJepsen returns an input or an output as a JepsenOp. It is one already, or it
// is an object with a field f as JSON has it, whose field value, or else whose
// other fields, are the value. AsJepsen reports false for what has no f.
func AsJepsen(v any) (JepsenOp, bool) {
	switch v := v.(type) {
	case nil, lex.Null:
		return JepsenOp{}, false
	case JepsenOp:
		return v, true
	case map[string]any:
		return jepsenObject(edn.SortedMap(v))
	case edn.Map:
		return jepsenObject(v)
	case string, bool, int, int64, float64:
		return JepsenOp{}, false
	}
	raw, err := json.Marshal(v)
	if err != nil || len(raw) == 0 || raw[0] != '{' {
		return JepsenOp{}, false
	}
	plain, err := lex.GenericTree(raw)
	if err != nil {
		return JepsenOp{}, false
	}
	return AsJepsen(plain)
}

// jepsenObject returns the JepsenOp that an object spells.
func jepsenObject(m edn.Map) (op JepsenOp, ok bool) {
	rest := edn.Map{}
	for _, p := range m {
		name, _ := edn.KeyName(p.Key)
		if name == "f" {
			op.F, ok = p.Value.(string)
			continue
		}
		text, _ := p.Value.(string)
		v, err := edn.Parse(text)
		more, isMap := v.(edn.Map)
		switch { // the first two are of a JepsenOp that was read without its type
		case name == "more" && isMap:
			op.More = more
		case name == "edn" && err == nil:
			rest = append(rest, edn.Pair{Key: edn.Keyword("value"), Value: v})
		default:
			rest = append(rest, edn.Pair{Key: edn.Keyword(name), Value: fromJSON(p.Value)})
		}
	}
	if len(rest) == 1 && rest[0].Key == edn.Keyword("value") {
		op.Value = nameSteps(rest[0].Value)
	} else if len(rest) > 0 {
		op.Value = rest
	}
	return op, ok
}

// looksEDN reports whether s is the text of one EDN value that is no string,
// number or symbol, spelled as AppendEDN does. What is neither string nor
// keyword in a field that is a string in Go is kept as its EDN text.
func looksEDN(s string) bool {
	if s == "" || strings.IndexByte(":[({#", s[0]) < 0 {
		return false
	}
	v, err := edn.Parse(s)
	return err == nil && edn.Must(v) == s
}
