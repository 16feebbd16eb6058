package checker

import (
	"fmt"
	"slices"
)

// A LogOp is an input of [Log]. Its output is a []int: for a read all values, in
// the order of the log; for an append the offset of its value, counted
// from 0, or nothing if the system does not tell.
type LogOp struct {
	F     string `json:"f"` // append or read
	Key   string `json:"key,omitempty"`
	Value int    `json:"value,omitempty"`
}

// String says what is asked, without the key.
func (o LogOp) String() string {
	if o.F == "append" {
		return "append " + text(o.Value)
	}
	return o.F
}

// Log is the model of logs, one a key, that values are only ever appended to. A
// history whose values are unique is checked in time linear in what reads saw,
// unless an append was told an offset that no read shows.
func Log() Model[string, LogOp, []int] {
	return Model[string, LogOp, []int]{
		Name: "log",
		Step: func(s string, in LogOp, out []int) (string, bool) {
			switch in.F {
			case "append":
				return s + packInts(in.Value), len(out) == 0 || len(out) == 1 && out[0] == intCount(s)
			case "read":
				return s, packInts(out...) == s
			}
			return s, false
		},
		Key:  func(in LogOp) string { return in.Key },
		Pure: func(in LogOp, _ []int) bool { return in.F == "read" },
		Describe: func(in LogOp, out []int, known bool) string {
			if in.F == "append" && len(out) == 1 {
				return answered(in.String(), true, known, fmt.Sprintf("offset %d", out[0]))
			}
			return answered(in.String(), in.F == "read", known, abridgedInts(out))
		},
		own: own{
			moot:    onInput(func(in LogOp) bool { return in.F == "read" }),
			alike:   alikeBy(func(b []byte, in LogOp, out []int) []byte { return packCall(b, in.F, in.Value, out) }),
			special: specially(decideLog),
			founded: foundedBy(foundedLog),
		},
	}
}

// foundedLog reports whether others appended what a read shows, and enough for
// the offset that an append was told.
func foundedLog(c fact[LogOp, []int], calls []fact[LogOp, []int]) bool {
	if c.in.F == "append" {
		n := 0
		for _, o := range calls {
			if o.in.F == "append" && o.call < c.ret {
				n++
			}
		}
		return len(c.out) == 0 || len(c.out) == 1 && 0 <= c.out[0] && c.out[0] < n
	}
	for _, v := range c.out {
		if !slices.ContainsFunc(calls, func(o fact[LogOp, []int]) bool {
			return o.in.F == "append" && o.in.Value == v && o.call < c.ret
		}) {
			return false
		}
	}
	return true
}
