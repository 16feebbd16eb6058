package model

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/internal/packed"
)

// A SetOp is an input of [Set]. Its output is a []int: the elements that a
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

// Set is the model of sets of integers, one a key, which are empty at first.
// A read that shows an element twice is wrong. If the set is never read as a
// whole, each element is judged on its own; if nothing is ever removed, the reads
// determine the order in which elements were added. Both take O(n log n). Other histories take a search.
func Set() Model[string, SetOp, []int] {
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
		Accelerators: Accelerators[string, SetOp, []int]{
			NoEffect:  func(in SetOp) bool { return in.F == "read" || in.F == "contains" },
			Subkey:    subkeySet,
			ClassKey:  func(b []byte, in SetOp, out []int) []byte { return appendCallKey(b, in.F, in.Value, out) },
			Decide:    decideGrowing,
			Justified: justifiedSet,
		},
	}
}

// subkeySet partitions calls by element, if no read shows several.
func subkeySet(calls Calls[SetOp, []int]) func(Call[SetOp, []int]) int {
	for i := range calls.N {
		c := calls.At(i)
		if c.In.F == "read" && c.Known || c.In.F != "read" && c.In.F != "add" && c.In.F != "remove" && c.In.F != "contains" {
			return nil
		}
	}
	return func(c Call[SetOp, []int]) int { return c.In.Value }
}

// justifiedSet reports whether others added what a call saw. An element that is
// missing needs no reason: it may not have been added yet.
func justifiedSet(c Call[SetOp, []int], calls []Call[SetOp, []int]) bool {
	if c.In.F != "read" && c.In.F != "contains" {
		return true
	}
	if c.In.F == "contains" && len(c.Out) > 0 && !slices.Equal(c.Out, []int{c.In.Value}) {
		return false
	}
	for _, v := range c.Out {
		if !slices.ContainsFunc(calls, func(o Call[SetOp, []int]) bool {
			return o.In.F == "add" && o.In.Value == v && o.Invoked < c.Returned
		}) {
			return false
		}
	}
	return true
}

// stepSet keeps the elements in ascending order.
func stepSet(s string, in SetOp, out []int) (string, bool) {
	i, there := packed.Search(s, in.Value)
	switch in.F {
	case "add":
		if there {
			return s, true
		}
		return packed.InsertAt(s, i, in.Value), true
	case "remove":
		if !there {
			return s, true
		}
		return packed.Delete(s, i), true
	case "contains":
		return s, there && slices.Equal(out, []int{in.Value}) || !there && len(out) == 0
	case "read":
		return s, packed.Same(s, out)
	}
	return s, false
}
