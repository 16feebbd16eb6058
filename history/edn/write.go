package edn

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/capsize-go/capsize/history/internal/lex"
)

// Append appends a value to b as EDN spells it. Values of other types than
// those that [Parse] returns are written as their JSON would be.
func Append(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil, lex.Null:
		return append(b, "nil"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case float64:
		return AppendFloat(b, v), nil
	case string:
		return AppendString(b, v), nil
	case Keyword:
		return AppendKeyword(b, string(v)), nil
	case Symbol:
		return append(b, v...), nil
	case Char:
		return appendChar(b, v), nil
	case Decimal:
		return append(append(b, v...), 'M'), nil
	case *big.Int:
		return append(v.Append(b, 10), 'N'), nil
	case *big.Rat:
		return append(b, v.String()...), nil
	case json.Number:
		if AllDigits(strings.TrimPrefix(string(v), "-")) {
			return append(append(b, v...), 'N'), nil
		}
		return append(append(b, v...), 'M'), nil
	}
	return appendTree(b, v)
}

// appendTree appends a value that has others inside.
func appendTree(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case []any:
		return appendSeq(b, "[", v, ']')
	case List:
		return appendSeq(b, "(", v, ')')
	case Set:
		return appendSeq(b, "#{", v, '}')
	case Map:
		return appendMap(b, v)
	case map[string]any:
		return appendMap(b, SortedMap(v))
	case Tagged:
		return Append(append(append(append(b, '#'), v.Tag...), ' '), v.Value)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return b, fmt.Errorf("value of type %T: %w", v, err)
	}
	plain, err := lex.Generic(raw)
	if err != nil {
		return b, fmt.Errorf("value of type %T: %w", v, err)
	}
	return Append(b, plain)
}

// Must spells a value that came from a file, for an error.
func Must(v any) string {
	b, err := Append(nil, v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// SortedMap returns the entries of m in the order of their keys.
func SortedMap(m map[string]any) Map {
	all := make(Map, 0, len(m))
	for k, v := range m { // order: sorted below
		all = append(all, Pair{k, v})
	}
	slices.SortFunc(all, func(a, b Pair) int { return strings.Compare(a.Key.(string), b.Key.(string)) })
	return all
}

func appendSeq(b []byte, opening string, all []any, closing byte) ([]byte, error) {
	b = append(b, opening...)
	for i, v := range all {
		if i > 0 {
			b = append(b, ' ')
		}
		var err error
		if b, err = Append(b, v); err != nil {
			return b, err
		}
	}
	return append(b, closing), nil
}

func appendMap(b []byte, m Map) (_ []byte, err error) {
	b = append(b, '{')
	for i, p := range m {
		if i > 0 {
			b = append(b, ", "...)
		}
		if b, err = Append(b, p.Key); err != nil {
			return b, err
		}
		if b, err = Append(append(b, ' '), p.Value); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

// AppendFloat appends a float as EDN spells it.
func AppendFloat(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "##NaN"...)
	case math.IsInf(f, 1):
		return append(b, "##Inf"...)
	case math.IsInf(f, -1):
		return append(b, "##-Inf"...)
	}
	from := len(b)
	b = strconv.AppendFloat(b, f, 'g', -1, 64)
	if !slices.ContainsFunc(b[from:], func(c byte) bool { return c == '.' || c == 'e' }) {
		b = append(b, ".0"...)
	}
	return b
}

// AppendKeyword appends a keyword, or a string if the name can't be a keyword's.
func AppendKeyword(b []byte, name string) []byte {
	if !isName(name) {
		return AppendString(b, name)
	}
	return append(append(b, ':'), name...)
}

// AppendString appends a string in quotes.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

func appendChar(b []byte, c Char) []byte {
	for name, named := range chars { // order: no two names of one character
		if named == c {
			return append(append(b, '\\'), name...)
		}
	}
	if c < ' ' || c == 0x7f {
		return fmt.Appendf(b, `\u%04x`, rune(c))
	}
	return utf8.AppendRune(append(b, '\\'), rune(c))
}
