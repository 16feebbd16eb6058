package txnfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/capsize-go/capsize/history/edn"
)

// parseJSON returns the one value that a text is, as EDN has it: an object is an [edn.Map] with its fields in their order, and a
// string that is written like a keyword is one.
func parseJSON(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := readJSON(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more than one value")
	}
	return v, nil
}

// deepest is how deep brackets may stand within brackets.
const deepest = 100

func readJSON(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if depth > deepest {
		return nil, fmt.Errorf("brackets within brackets, more than %d deep", deepest)
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return readObject(d, depth)
		}
		return readArray(d, depth)
	case string:
		return fromJSONText(t), nil
	case json.Number:
		n, err := edn.ParseNumber([]byte(t))
		if f, float := n.(float64); err != nil || float && string(edn.AppendFloat(nil, f)) != string(t) {
			return edn.Decimal(t), nil
		}
		return n, nil
	}
	return t, nil // true, false and null
}

func readArray(d *json.Decoder, depth int) (any, error) {
	all := []any{}
	for d.More() {
		v, err := readJSON(d, depth+1)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	_, err := d.Token()
	return all, err
}

func readObject(d *json.Decoder, depth int) (any, error) {
	m := edn.Map{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, fmt.Errorf("%v is no name of a field", t)
		}
		v, err := readJSON(d, depth+1)
		if err != nil {
			return nil, err
		}
		m = append(m, edn.Pair{Key: name, Value: v})
	}
	_, err := d.Token()
	return m, err
}

// extent returns how many bytes the value has that b begins with, or 0 if b ends before it does.
func extent(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			if i >= len(b) {
				return 0
			}
		case '[', '{':
			depth++
			continue
		case ']', '}':
			depth--
		default:
			continue
		}
		if depth <= 0 {
			return i + 1
		}
	}
	return 0
}

// appendJSON appends a string as JSON has it.
func appendJSON(b []byte, s string) ([]byte, error) {
	text, err := json.Marshal(s)
	return append(b, text...), err
}
