package predicates

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history/edn"
)

// A predicate is a condition on the value of a row. Rows that were never inserted, and those that were deleted, match none.
type predicate struct {
	op   string // "true", or the name of a comparison
	args []any
}

// comparisons are the names of predicates, with how many arguments they have; -1 is any number.
var comparisons = map[string]int{"true": 0, "=": 1, "not=": 1, "<": 1, "<=": 1, ">": 1, ">=": 1, "mod": 2, "in": -1}

// ParsePredicate reads a predicate as Elle spells it, :true, [:= 3] or [:mod 2 1], or without the colons, or as JSON. Beside those it knows
// [:not= 3], [:< 3], [:<= 3], [:> 3], [:>= 3] and [:in 1 2 3].
func ParsePredicate(text string) (predicate, error) {
	refuse := fmt.Errorf("predicate %s: it is none of true, [= v], [not= v], [< n], [<= n], [> n], [>= n], [mod n m] and [in v …]", text)
	v, err := edn.Parse(text)
	if err != nil {
		return predicate{}, refuse
	}
	all, ok := v.([]any)
	if !ok {
		all = []any{v}
	}
	if len(all) == 0 {
		return predicate{}, refuse
	}
	p := predicate{args: all[1:]}
	switch name := all[0].(type) {
	case edn.Keyword:
		p.op = string(name)
	case edn.Symbol:
		p.op = string(name)
	case string:
		p.op = name
	case bool:
		p.op = fmt.Sprint(name)
	}
	n, known := comparisons[p.op]
	if !known || n >= 0 && n != len(p.args) {
		return predicate{}, refuse
	}
	if slices.Contains([]string{"<", "<=", ">", ">=", "mod"}, p.op) {
		for i, a := range p.args {
			if m, ok := a.(int64); !ok || p.op == "mod" && i == 0 && m <= 0 {
				return predicate{}, refuse
			}
		}
	}
	return p, nil
}

// Matches reports whether a value matches. Only whole numbers are compared by size, and have a remainder, which is not negative.
func (p predicate) Matches(h *txn.History, value int32) bool {
	n, whole := wholeNumber(h, value)
	same := func(a any) bool {
		if m, is := a.(int64); is || whole {
			return is && whole && m == n
		}
		b, err := edn.Append(nil, a)
		return err == nil && string(b) == h.Spell(value)
	}
	switch p.op {
	case "true":
		return true
	case "=":
		return same(p.args[0])
	case "not=":
		return !same(p.args[0])
	case "in":
		return slices.ContainsFunc(p.args, same)
	}
	if !whole {
		return false
	}
	a := p.args[0].(int64)
	switch p.op {
	case "<":
		return n < a
	case "<=":
		return n <= a
	case ">":
		return n > a
	case ">=":
		return n >= a
	}
	rest := n % a
	if rest < 0 {
		rest += a
	}
	return rest == p.args[1].(int64)
}

// wholeNumber returns the number that a value is. Those below 0 and large ones are spelled in a history.
func wholeNumber(h *txn.History, value int32) (int64, bool) {
	if value >= 0 || value == txn.Nil {
		return int64(value), value >= 0
	}
	n, err := strconv.ParseInt(h.Spell(value), 10, 64)
	return n, err == nil
}
