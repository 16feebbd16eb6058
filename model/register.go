package model

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/words"
)

// A RegisterOp is an input of [Register]. Its output is an int: for a read what
// it saw, for a cas what it found, and 0 for a write. A cas has swapped
// if it found Old. [Nil] is the answer of a call that found no value; an indeterminate call has the
// type Info.
type RegisterOp struct {
	F     string `json:"f"` // read, write or cas
	Key   string `json:"key,omitempty"`
	Old   int    `json:"old,omitempty"`   // what a cas expects
	Value int    `json:"value,omitempty"` // what a write or a cas puts
}

// String says what is asked, without the key.
func (o RegisterOp) String() string {
	switch o.F {
	case "write":
		return "write " + words.Value(o.Value)
	case "cas":
		return fmt.Sprintf("cas %s → %s", words.Value(o.Old), words.Value(o.Value))
	}
	return o.F
}

// Register is the model of integer registers, one a key, which are 0 before
// anything is written. A history whose written values are unique is checked in
// O(n log n).
//
// As long as nothing is written, a read may return [Nil] as well as 0. After an acknowledged write
// it may not, since the write would be lost. If a call found Nil on a key and 0 is written
// to it, then 0 is a value like any other there, and the register holds nothing at first.
func Register() Model[int, RegisterOp, int] {
	return Model[int, RegisterOp, int]{
		Name:     "register",
		Step:     stepRegister,
		Key:      func(in RegisterOp) string { return in.Key },
		Describe: describeRegister,
		Pure: func(in RegisterOp, out int) bool {
			return in.F == "read" || in.F == "cas" && (out != in.Old || in.Old == in.Value)
		},
		Access: accessRegister,
		Accelerators: Accelerators[int, RegisterOp, int]{
			Nothing: nothingAtZero,
		},
	}
}

// nothingAtZero says that a read of a register that is 0 at first may return Nil.
func nothingAtZero(init int) (v int, ok bool) { return Nil, init == 0 }

// holdsValue reports whether a read of a register in state s may return v. It does not know
// whether 0 was written; where a call found Nil, the accesses of all calls decide.
func holdsValue(s, v int) bool { return s == v || s == 0 && v == Nil }

// stepRegister lets a cas that found another value leave the register as it is.
func stepRegister(s int, in RegisterOp, out int) (int, bool) {
	switch in.F {
	case "write":
		return in.Value, true
	case "cas":
		if out == Nil && out != in.Old && holdsValue(s, Nil) {
			return s, true
		}
		if holdsValue(s, in.Old) {
			return in.Value, out == in.Old
		}
		return s, holdsValue(s, out)
	}
	return s, in.F == "read" && holdsValue(s, out)
}

// accessRegister says that a cas which found Old, or may have, reads and writes; one that found another value reads.
func accessRegister(in RegisterOp, out int, known bool) (Access[int], bool) {
	switch in.F {
	case "read":
		return Access[int]{Reads: known, Saw: out}, true
	case "write":
		return Access[int]{Writes: true, Put: in.Value}, true
	case "cas":
		if known && out != in.Old {
			return Access[int]{Reads: true, Saw: out}, true
		}
		return Access[int]{Reads: true, Saw: in.Old, Writes: true, Put: in.Value}, true
	}
	return Access[int]{}, false
}

// describeRegister marks a cas that swapped, and shows what another one found.
func describeRegister(in RegisterOp, out int, known bool) string {
	switch {
	case in.F == "write":
		return in.String()
	case !known:
		return in.String() + " → ?"
	case in.F == "cas" && out == in.Old:
		return in.String() + " ✓"
	case in.F == "cas":
		return fmt.Sprintf("%v: found %s", in, words.Value(out))
	}
	return fmt.Sprintf("%v → %s", in, words.Value(out))
}
