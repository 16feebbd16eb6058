package model

import "fmt"

// A CounterOp is an input of [Counter]. Its output is an int: what a read
// saw, what an increment made of the counter, and 0 for an add.
//
// An add is not answered, or with what was asked, as in Jepsen's histories. An add that is answered
// with the new value, as Redis' INCR is, must be recorded as an increment: then it is judged by that.
type CounterOp struct {
	F     string `json:"f"` // add, increment or read
	Key   string `json:"key,omitempty"`
	Value int    `json:"value,omitempty"` // what is added; less than 0 to take away
}

// String says what is asked, without the key.
func (o CounterOp) String() string {
	if o.adds() {
		return fmt.Sprintf("%s %d", o.F, o.Value)
	}
	return o.F
}

// adds reports whether the counter is changed.
func (o CounterOp) adds() bool { return o.F == "add" || o.F == "increment" }

// Counter is the model of counters, one a key, that are 0 before anything is
// added. A read that is out of all bounds is found in O(n log n), and all is
// decided so if every add adds the same.
func Counter() Model[int, CounterOp, int] {
	return Model[int, CounterOp, int]{
		Name: "counter",
		Step: func(s int, in CounterOp, out int) (int, bool) {
			if in.adds() {
				s += in.Value
			}
			return s, in.F == "add" || (in.F == "read" || in.F == "increment") && out == s
		},
		Key:  func(in CounterOp) string { return in.Key },
		Pure: func(in CounterOp, _ int) bool { return in.F == "read" || in.adds() && in.Value == 0 },
		Describe: func(in CounterOp, out int, known bool) string {
			return answered(in.String(), in.F != "add", known, fmt.Sprint(out))
		},
		Accelerators: Accelerators[int, CounterOp, int]{
			NoEffect:  func(in CounterOp) bool { return in.F == "read" || in.Value == 0 },
			Decide:    decideCounter,
			Justified: justifiedCounter,
		},
	}
}

// justifiedCounter reports whether some of what others add may make what a read saw.
func justifiedCounter(c Call[CounterOp, int], calls []Call[CounterOp, int]) bool {
	low, high := 0, 0
	for _, o := range calls {
		if o.In.adds() && o.Invoked < c.Returned {
			low, high = low+min(o.In.Value, 0), high+max(o.In.Value, 0)
		}
	}
	return c.In.F == "add" || low <= c.Out && c.Out <= high
}

// answered describes a call of which only some have an answer.
func answered(asked string, observes, known bool, out string) string {
	switch {
	case !known:
		return asked + " → ?"
	case !observes:
		return asked
	}
	return asked + " → " + out
}
