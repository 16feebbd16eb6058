package model

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/internal/packed"
	"github.com/capsize-go/capsize/internal/words"
)

// A LogOp is an input of [Log]. Its output is a []int: for a read all values, in
// the order of the log; for an append the offset of its value, counted
// from 0, or nothing if the system does not return it.
type LogOp struct {
	F     string `json:"f"` // append or read
	Key   string `json:"key,omitempty"`
	Value int    `json:"value,omitempty"`
}

// String says what is asked, without the key.
func (o LogOp) String() string {
	if o.F == "append" {
		return "append " + words.Value(o.Value)
	}
	return o.F
}

// Log is the model of append-only logs, one a key. A
// history whose values are unique is checked in time linear in what reads saw,
// unless an append returned an offset that no read shows.
func Log() Model[string, LogOp, []int] {
	return Model[string, LogOp, []int]{
		Name: "log",
		Step: func(s string, in LogOp, out []int) (string, bool) {
			switch in.F {
			case "append":
				return s + packed.Ints(in.Value), len(out) == 0 || len(out) == 1 && out[0] == packed.Len(s)
			case "read":
				return s, packed.Ints(out...) == s
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
		Accelerators: Accelerators[string, LogOp, []int]{
			NoEffect:  func(in LogOp) bool { return in.F == "read" },
			ClassKey:  func(b []byte, in LogOp, out []int) []byte { return appendCallKey(b, in.F, in.Value, out) },
			Decide:    decideLog,
			Justified: justifiedLog,
		},
	}
}

// justifiedLog reports whether others appended what a read shows, and enough for
// the offset that an append returned.
func justifiedLog(c Call[LogOp, []int], calls []Call[LogOp, []int]) bool {
	if c.In.F == "append" {
		n := 0
		for _, o := range calls {
			if o.In.F == "append" && o.Invoked < c.Returned {
				n++
			}
		}
		return len(c.Out) == 0 || len(c.Out) == 1 && 0 <= c.Out[0] && c.Out[0] < n
	}
	for _, v := range c.Out {
		if !slices.ContainsFunc(calls, func(o Call[LogOp, []int]) bool {
			return o.In.F == "append" && o.In.Value == v && o.Invoked < c.Returned
		}) {
			return false
		}
	}
	return true
}
