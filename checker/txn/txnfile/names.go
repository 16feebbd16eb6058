package txnfile

import (
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history/edn"
)

// An interner gives keys and values the numbers that a [txn.History] has for them, by their bytes in the file, so that each is
// understood once.
type interner struct {
	b      *txn.Builder
	json   bool
	keys   map[string]int32
	values map[string]int32
}

// rawKey returns the number of a key that is a string or a keyword.
func (in *interner) rawKey(raw []byte) (int32, bool) { return cached(in, in.keys, raw, in.key) }

// rawValue returns the number of a value that is a string or a keyword.
func (in *interner) rawValue(raw []byte) (int32, bool) { return cached(in, in.values, raw, in.value) }

func cached(in *interner, known map[string]int32, raw []byte, number func(any) (int32, error)) (int32, bool) {
	if n, ok := known[string(raw)]; ok {
		return n, true
	}
	var v any
	var err error
	if in.json {
		v, err = parseJSON(raw)
	} else {
		v, err = edn.Parse(string(raw))
	}
	if err != nil {
		return 0, false
	}
	n, err := number(v)
	if err == nil {
		known[string(raw)] = n
	}
	return n, err == nil
}

// key returns the number of a key.
func (in *interner) key(v any) (int32, error) {
	if n, ok := v.(int64); ok {
		return in.b.IntKey(n), nil
	}
	name, err := nameOf(v)
	if err != nil {
		return 0, fmt.Errorf("key %w", err)
	}
	return in.b.Key(name), nil
}

// value returns the number of a value that is not nil.
func (in *interner) value(v any) (int32, error) {
	if n, ok := v.(int64); ok {
		return in.b.Int(n), nil
	}
	if n, ok := v.(*big.Int); ok && n.IsInt64() { // 5N is 5
		return in.b.Int(n.Int64()), nil
	}
	text, err := spelled(v)
	if err != nil {
		return 0, fmt.Errorf("value %w", err)
	}
	return in.b.Spelled(text), nil
}

// nameOf returns the name of a key: a string is its own name unless it could be taken for something else, such as the keyword :x,
// and anything else has its EDN for a name.
func nameOf(v any) (string, error) {
	s, ok := v.(string)
	if ok && !ambiguous(s) && utf8.ValidString(s) {
		return s, nil
	}
	return spelled(v)
}

// spelled returns the EDN of a key, a value or a predicate. A list is spelled as the vector that equals it.
func spelled(v any) (string, error) {
	switch v := v.(type) {
	case string:
		if !utf8.ValidString(v) {
			return "", fmt.Errorf("%q is no UTF-8", v)
		}
	case edn.Symbol:
		return "", fmt.Errorf("%s is a symbol: neither a number, a string nor a keyword", string(v))
	case edn.List:
		return spelled([]any(v))
	case *big.Int:
		return v.String(), nil
	}
	b, err := edn.Append(nil, v)
	return string(b), err
}

// ambiguous reports whether a string is the EDN of something.
func ambiguous(s string) bool {
	if s == "" {
		return true
	}
	if c := s[0]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' { // a name, or true, false, nil
		return s == "true" || s == "false" || s == "nil"
	}
	v, err := edn.Parse(s)
	_, symbol := v.(edn.Symbol)
	return err == nil && !symbol
}

// named is the way back from a name to the value that has it.
func named(name string) any {
	if !ambiguous(name) {
		return name
	}
	v, err := edn.Parse(name)
	if err != nil {
		return name
	}
	return v
}

// fromJSONText returns what a string of JSON stands for: a keyword if it is written like one, since JSON has none.
func fromJSONText(s string) any {
	if rest, ok := strings.CutPrefix(s, ":"); ok {
		if v, err := edn.Parse(s); err == nil && v == any(edn.Keyword(rest)) {
			return v
		}
	}
	return s
}
