package model

import (
	"slices"

	"github.com/capsize-go/capsize/internal/packed"
	"github.com/capsize-go/capsize/internal/words"
)

// A StackOp is an input of [Stack]. Its output is an int: the value that a pop
// took, or [Nil] if it found the stack empty, and 0 for a push.
type StackOp struct {
	F     string `json:"f"` // push or pop
	Key   string `json:"key,omitempty"`
	Value int    `json:"value,omitempty"` // what is pushed
}

// String says what is asked, without the key.
func (o StackOp) String() string {
	if o.F == "push" {
		return "push " + words.Value(o.Value)
	}
	return o.F
}

// Stack is the model of stacks, one a key, which are empty at first. A history whose
// values are unique is checked in O(n log n), unless only indeterminate pops
// explain it.
func Stack() Model[string, StackOp, int] {
	return Model[string, StackOp, int]{
		Name: "stack",
		Step: func(s string, in StackOp, out int) (string, bool) {
			last := len(s) - packed.Width
			switch {
			case in.F == "push":
				return s + packed.Ints(in.Value), true
			case in.F != "pop":
				return s, false
			case s == "":
				return s, out == Nil
			}
			return s[:last], out == packed.At(s[last:], 0)
		},
		Key:  func(in StackOp) string { return in.Key },
		Pure: func(in StackOp, out int) bool { return in.F == "pop" && out == Nil },
		Describe: func(in StackOp, out int, known bool) string {
			if out == Nil {
				return answered(in.String(), true, known, "empty")
			}
			return answered(in.String(), in.F == "pop", known, words.Value(out))
		},
		Accelerators: Accelerators[string, StackOp, int]{
			Decide:    decideStack,
			Justified: justifiedStack,
		},
	}
}

// stackRole says what a call does, and what it puts.
func stackRole(in StackOp) (role, int) {
	switch in.F {
	case "push":
		return puts, in.Value
	case "pop":
		return takes, 0
	}
	return other, 0
}

// justifiedStack reports whether others put what a call took.
func justifiedStack(c Call[StackOp, int], calls []Call[StackOp, int]) bool {
	return c.In.F != "pop" || c.Out == Nil || slices.ContainsFunc(calls, func(o Call[StackOp, int]) bool {
		return o.In.F == "push" && o.In.Value == c.Out && o.Invoked < c.Returned
	})
}
