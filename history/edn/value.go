package edn

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/capsize-go/capsize/history/internal/lex"
)

type (
	// A Keyword is an EDN keyword without its colon, such as "read" or "ns/read": what
	// Jepsen has for the names of operations, types and errors.
	Keyword string
	// A Symbol is an EDN symbol: a name that stands for itself.
	Symbol string
	// A Char is an EDN character.
	Char rune
	// A Decimal is an EDN decimal of any precision, without its M.
	Decimal string
	// A List is an EDN list, in round brackets; a vector is an []any.
	List []any
	// A Set is an EDN set, in the order in which the file has it, so that it is
	// written as it was.
	Set []any
	// A Map is an EDN map, in the order in which the file has it. Its keys may be of
	// any type, which those of a Go map may not.
	Map []Pair
	// A Pair is an entry of a Map.
	Pair struct{ Key, Value any }
	// A Tagged is an EDN value with a tag that the reader does not know, such as
	// inst; the tag stands here without its #.
	Tagged struct {
		Tag   string
		Value any
	}
)

// Get returns the value of a key that is a nil, bool, number, string, keyword,
// symbol or character.
func (m Map) Get(key any) (value any, ok bool) {
	for _, p := range m {
		switch p.Key.(type) {
		case []any, List, Set, Map, Tagged:
			continue // can't be compared
		}
		if p.Key == key {
			return p.Value, true
		}
	}
	return nil, false
}

// MarshalJSON returns an object with the fields in the order of the map. Keys
// that are no strings are given as EDN spells them, without the colon.
func (m Map) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, p := range m {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := KeyName(p.Key)
		if err != nil {
			return nil, err
		}
		b = append(lex.AppendString(b, name), ':')
		value, err := json.Marshal(p.Value)
		if err != nil {
			return nil, fmt.Errorf("value of %s: %w", name, err)
		}
		b = append(b, value...)
	}
	return append(b, '}'), nil
}

// KeyName returns the name that a key of a map has in JSON.
func KeyName(key any) (string, error) {
	switch key := key.(type) {
	case string:
		return key, nil
	case Keyword:
		return string(key), nil
	case int64:
		return strconv.FormatInt(key, 10), nil
	}
	b, err := Append(nil, key)
	return string(b), err
}

// MarshalJSON returns a string of the one character.
func (c Char) MarshalJSON() ([]byte, error) { return lex.AppendString(nil, string(rune(c))), nil }
