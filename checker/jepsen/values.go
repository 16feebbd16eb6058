package jepsen

import (
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/capsize-go/capsize/history/edn"
)

// The valueNumbers give numbers to the values of a history, so that values of any type can be compared and
// counted.
type valueNumbers struct {
	ints  map[int64]int32
	rest  map[string]int32
	names []string // by number; those of integers are made on demand
	nums  []int64
	isInt []bool
}

func newValueNumbers() *valueNumbers {
	return &valueNumbers{ints: map[int64]int32{}, rest: map[string]int32{}}
}

func (e *valueNumbers) len() int { return len(e.isInt) }

// id returns the number of a value.
func (e *valueNumbers) id(v any) int32 {
	if n, ok := wholeNumber(v); ok {
		return e.intID(n)
	}
	name := valueName(v)
	id, ok := e.rest[name]
	if !ok {
		id = int32(e.len())
		e.rest[name] = id
		e.names, e.nums, e.isInt = append(e.names, name), append(e.nums, 0), append(e.isInt, false)
	}
	return id
}

func (e *valueNumbers) intID(n int64) int32 {
	id, ok := e.ints[n]
	if !ok {
		id = int32(e.len())
		e.ints[n] = id
		e.names, e.nums, e.isInt = append(e.names, ""), append(e.nums, n), append(e.isInt, true)
	}
	return id
}

// name returns the text of the value with that number.
func (e *valueNumbers) name(id int32) string {
	if e.isInt[id] {
		return strconv.FormatInt(e.nums[id], 10)
	}
	return e.names[id]
}

// namesOf returns the texts of the first few values.
func (e *valueNumbers) namesOf(ids []int32) (names []string) {
	for _, id := range ids[:min(len(ids), someValues)] {
		names = append(names, e.name(id))
	}
	return names
}

// ids appends to into the numbers of the values in a slice, a vector, a list or a set.
func (e *valueNumbers) ids(v any, into []int32) ([]int32, error) {
	switch v := v.(type) {
	case []int:
		for _, n := range v {
			into = append(into, e.intID(int64(n)))
		}
		return into, nil
	case []any:
		return e.all(v, into), nil
	case edn.List:
		return e.all(v, into), nil
	case edn.Set:
		return e.all(v, into), nil
	}
	r := reflect.ValueOf(v)
	if v == nil || r.Kind() != reflect.Slice {
		return into, fmt.Errorf("a %T where a list of values was due", v)
	}
	for i := range r.Len() {
		into = append(into, e.id(r.Index(i).Interface()))
	}
	return into, nil
}

func (e *valueNumbers) all(values []any, into []int32) []int32 {
	for _, v := range values {
		into = append(into, e.id(v))
	}
	return into
}

// wholeNumber returns a value as an integer, if it is one.
func wholeNumber(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case nil, string, []any, edn.Keyword:
		return 0, false
	}
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt() && r.Type() != reflect.TypeFor[edn.Char]():
		return r.Int(), true
	case r.CanUint() && r.Uint() <= math.MaxInt64:
		return int64(r.Uint()), true
	}
	return 0, false
}

// valueName returns the text of a value, which no other value has.
func valueName(v any) string {
	if b, err := edn.Append(nil, v); err == nil {
		return string(b)
	}
	return fmt.Sprintf("%T %v", v, v)
}
