package checker

import "fmt"

// An IDOp is an input of [UniqueIDs]. Its output is an int: the id.
type IDOp struct {
	F   string `json:"f"` // generate
	Key string `json:"key,omitempty"`
}

// String says what is asked, without the key.
func (o IDOp) String() string { return o.F }

// UniqueIDs is the model of a source of ids, one a key, none of which it gives
// twice. Calls of unknown outcome say nothing. It is checked in O(n).
func UniqueIDs() Model[string, IDOp, int] {
	return Model[string, IDOp, int]{
		Name: "unique-ids",
		Step: func(s string, in IDOp, out int) (string, bool) {
			if _, given := searchInt(s, out); given || in.F != "generate" {
				return s, false
			}
			return insertInt(s, out), true
		},
		Key: func(in IDOp) string { return in.Key },
		Describe: func(in IDOp, out int, known bool) string {
			return answered(in.F, true, known, fmt.Sprint(out))
		},
		own: own{
			moot:    func(any) bool { return true },
			special: specially(decideIDs),
			founded: func(calls) func(int) bool { return func(int) bool { return true } },
		},
	}
}

// decideIDs finds an id that was given twice.
func decideIDs(of facts[IDOp, int]) finding {
	calls := of.all()
	first := make(map[int]int, len(calls))
	for i, c := range calls {
		if c.in.F != "generate" {
			return undecided
		}
		if !c.known {
			continue
		}
		if j, twice := first[c.out]; twice {
			return found("which had been given before", i, j)
		}
		first[c.out] = i
	}
	return allWell
}
