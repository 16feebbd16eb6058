package lex

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

// ErrEnd says that a JSON object has no end.
var ErrEnd = errors.New("the JSON object has no end")

// EachField calls f for every field of a JSON object, in its order, with the
// bytes of the name and of the value. It looks only as closely at values as it
// takes to find where they end.
func EachField(line []byte, f func(name, raw []byte) error) error {
	if len(line) == 0 || line[0] != '{' {
		return fmt.Errorf("%s is no JSON object", Clip(line))
	}
	if err := CheckEscapes(line); err != nil {
		return err
	}
	i := skipSpace(line, 1)
	if i < len(line) && line[i] == '}' {
		return endOf(line, i+1)
	}
	for {
		name, next, err := fieldName(line, i)
		if err != nil {
			return err
		}
		end := SkipValue(line, next)
		if end < 0 {
			return ErrEnd
		}
		if end == next {
			return fmt.Errorf("field %q has no value", name)
		}
		if err := f(name, line[next:end]); err != nil {
			return err
		}
		i = skipSpace(line, end)
		switch {
		case i == len(line):
			return ErrEnd
		case line[i] == '}':
			return endOf(line, i+1)
		case line[i] != ',':
			return fmt.Errorf("%q after field %q, instead of a comma", line[i], name)
		}
		i = skipSpace(line, i+1)
	}
}

// endOf checks that nothing follows the object.
func endOf(line []byte, i int) error {
	if rest := bytes.TrimSpace(line[i:]); len(rest) > 0 {
		return fmt.Errorf("%s after the JSON object", Clip(rest))
	}
	return nil
}

// fieldName returns the name that begins at i, and where its value begins.
func fieldName(line []byte, i int) (name []byte, next int, err error) {
	if i == len(line) {
		return nil, 0, ErrEnd
	}
	if line[i] != '"' {
		return nil, 0, fmt.Errorf("%q, instead of the name of a field", line[i])
	}
	end := SkipString(line, i)
	if end < 0 {
		return nil, 0, ErrEnd
	}
	if name = line[i+1 : end-1]; bytes.IndexByte(name, '\\') >= 0 || !utf8.Valid(name) {
		s, err := ParseString(line[i:end])
		if err != nil {
			return nil, 0, fmt.Errorf("name of a field: %w", err)
		}
		name = []byte(s)
	}
	next = skipSpace(line, end)
	if next == len(line) {
		return nil, 0, ErrEnd
	}
	if line[next] != ':' {
		return nil, 0, fmt.Errorf("%q after the name %q, instead of a colon", line[next], name)
	}
	if next = skipSpace(line, next+1); next == len(line) {
		return nil, 0, ErrEnd
	}
	return name, next, nil
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// SkipString returns where the string ends that begins at i, or -1.
func SkipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// SkipValue returns where the value ends that begins at i, or -1.
func SkipValue(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			if i = SkipString(b, i); i < 0 {
				return -1
			}
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return -1
}

// Generic decodes a value without knowing its type.
func Generic(raw []byte) (any, error) {
	switch raw[0] {
	case '"':
		s, err := ParseString(raw)
		return s, err
	case '{', '[':
		v, err := GenericTree(raw)
		return v, err
	}
	switch string(raw) {
	case "null":
		return Null{}, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	if !isJSONNumber(raw) {
		return nil, fmt.Errorf("%s is no JSON", Clip(raw))
	}
	return Number(string(raw)), nil
}

// GenericTree decodes an object or an array.
func GenericTree(raw []byte) (any, error) {
	if v, ok := QuickTree(raw); ok {
		return v, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, JSONError(raw, err)
	}
	return Exact(v), nil
}

// JSONError says what is wrong with a value that encoding/json refuses.
func JSONError(raw []byte, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("unexpected end of JSON")
	}
	return fmt.Errorf("%s: %w", Clip(raw), err)
}

// Exact replaces each json.Number in v by the number it spells.
func Exact(v any) any {
	switch v := v.(type) {
	case json.Number:
		return Number(string(v))
	case []any:
		for i := range v {
			v[i] = Exact(v[i])
		}
	case map[string]any:
		for k, e := range v { // order: each entry by itself
			v[k] = Exact(e)
		}
	}
	return v
}

// Number returns the int64 that s spells, or else the float64, or else, if
// encoding/json would spell that as another number or as an int64, s itself.
func Number(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && (n != 0 || s[0] != '-') {
		return n
	}
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil, math.Trunc(f) == f && math.Abs(f) >= 1<<53:
		return json.Number(s)
	case (len(s) > 16 || math.Trunc(f) == f) && !sameNumber(f, s): // 15 digits always fit
		return json.Number(s)
	}
	return f
}

// sameNumber reports whether s is how encoding/json spells f.
func sameNumber(f float64, s string) bool {
	b, err := json.Marshal(f)
	return err == nil && string(b) == s
}
