package model

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/packed"
)

// An IDOp is an input of [UniqueIDs]. Its output is an int: the id.
type IDOp struct {
	F   string `json:"f"` // generate
	Key string `json:"key,omitempty"`
}

// String says what is asked, without the key.
func (o IDOp) String() string { return o.F }

// UniqueIDs is the model of a source of ids, one a key, that gives no id
// twice. Indeterminate calls say nothing. It is checked in O(n).
func UniqueIDs() Model[string, IDOp, int] {
	return Model[string, IDOp, int]{
		Name: "unique-ids",
		Step: func(s string, in IDOp, out int) (string, bool) {
			if _, given := packed.Search(s, out); given || in.F != "generate" {
				return s, false
			}
			return packed.Insert(s, out), true
		},
		Key: func(in IDOp) string { return in.Key },
		Describe: func(in IDOp, out int, known bool) string {
			return answered(in.F, true, known, fmt.Sprint(out))
		},
		Accelerators: Accelerators[string, IDOp, int]{
			NoEffect:  func(IDOp) bool { return true },
			Decide:    decideIDs,
			Justified: func(Call[IDOp, int], []Call[IDOp, int]) bool { return true },
		},
	}
}

// decideIDs finds an id that was given twice.
func decideIDs(of Calls[IDOp, int]) Decision {
	calls := of.All()
	first := make(map[int]int, len(calls))
	for i, c := range calls {
		if c.In.F != "generate" {
			return Undecided
		}
		if !c.Known {
			continue
		}
		if j, twice := first[c.Out]; twice {
			return Violated("which had been given before", i, j)
		}
		first[c.Out] = i
	}
	return Satisfied
}
