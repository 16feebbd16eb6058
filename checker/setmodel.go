package checker

import (
	"fmt"
	"slices"
)

// A SetOp is an input of [SetModel]. Its output is a []int: the elements that a
// read saw, in any order; for a contains, the one that it asked for if that
// is there; and nothing for an add or a remove.
type SetOp struct {
	F     string `json:"f"` // add, remove, contains or read
	Key   string `json:"key,omitempty"`
	Value int    `json:"value,omitempty"`
}

// String says what is asked, without the key.
func (o SetOp) String() string {
	if o.F == "read" {
		return o.F
	}
	return fmt.Sprintf("%s %d", o.F, o.Value)
}

// SetModel is the model of sets of integers, one a key, which are empty at first.
// A read that shows an element twice is wrong. If nothing is ever read as a
// whole, each element is judged on its own; if nothing is ever removed, the reads
// tell the order in which elements came. Both take O(n log n); what is neither is
// searched.
func SetModel() Model[string, SetOp, []int] {
	return Model[string, SetOp, []int]{
		Name: "set",
		Step: stepSet,
		Key:  func(in SetOp) string { return in.Key },
		Pure: func(in SetOp, _ []int) bool { return in.F == "read" || in.F == "contains" },
		Describe: func(in SetOp, out []int, known bool) string {
			if in.F == "contains" {
				return answered(in.String(), true, known, fmt.Sprint(len(out) > 0))
			}
			return answered(in.String(), in.F == "read", known, abridgedInts(out))
		},
		own: own{
			moot:    onInput(func(in SetOp) bool { return in.F == "read" || in.F == "contains" }),
			finer:   finerBy(splitSet),
			alike:   alikeBy(func(b []byte, in SetOp, out []int) []byte { return packCall(b, in.F, in.Value, out) }),
			special: specially(decideGrowing),
			founded: foundedBy(foundedSet),
		},
	}
}

// splitSet tells elements apart, if no read looks at several.
func splitSet(calls facts[SetOp, []int]) func(fact[SetOp, []int]) int {
	for i := range calls.n {
		c := calls.of(i)
		if c.in.F == "read" && c.known || c.in.F != "read" && c.in.F != "add" && c.in.F != "remove" && c.in.F != "contains" {
			return nil
		}
	}
	return func(c fact[SetOp, []int]) int { return c.in.Value }
}

// foundedSet reports whether others added what a call saw. An element that is
// missing needs no reason: it may not have been added yet.
func foundedSet(c fact[SetOp, []int], calls []fact[SetOp, []int]) bool {
	if c.in.F != "read" && c.in.F != "contains" {
		return true
	}
	if c.in.F == "contains" && len(c.out) > 0 && !slices.Equal(c.out, []int{c.in.Value}) {
		return false
	}
	for _, v := range c.out {
		if !slices.ContainsFunc(calls, func(o fact[SetOp, []int]) bool {
			return o.in.F == "add" && o.in.Value == v && o.call < c.ret
		}) {
			return false
		}
	}
	return true
}

func stepSet(s string, in SetOp, out []int) (string, bool) {
	i, there := searchInt(s, in.Value)
	switch in.F {
	case "add":
		if there {
			return s, true
		}
		return insertIntAt(s, i, in.Value), true
	case "remove":
		if !there {
			return s, true
		}
		return deleteInt(s, i), true
	case "contains":
		return s, there && slices.Equal(out, []int{in.Value}) || !there && len(out) == 0
	case "read":
		return s, sameInts(s, out)
	}
	return s, false
}
