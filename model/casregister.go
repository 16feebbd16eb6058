package model

import (
	"github.com/capsize-go/capsize/internal/words"
)

// Nil stands for no value in models of integers: what a register of [CASRegister]
// holds before anything is written, in systems that know such a thing.
const Nil = words.Nil

// CASRegister is the model of a register with a compare-and-set that only says
// whether it was done, as Jepsen's tests use it: Knossos's cas-register. A cas
// with the outcome OK found Old and put Value in its place, whatever its output;
// one that found something else must be recorded as a Fail, and says nothing.
// Values need not be unique; if they are, checking is fast. If init is 0, a read may find [Nil]
// as long as nothing is written; see [Register].
func CASRegister(init int) Model[int, RegisterOp, int] {
	return Model[int, RegisterOp, int]{
		Name: "cas-register",
		Init: init,
		Step: func(s int, in RegisterOp, out int) (int, bool) {
			switch in.F {
			case "write":
				return in.Value, true
			case "cas":
				if !holdsValue(s, in.Old) {
					return s, false
				}
				return in.Value, true
			}
			return s, in.F == "read" && holdsValue(s, out)
		},
		Key:  func(in RegisterOp) string { return in.Key },
		Pure: func(in RegisterOp, _ int) bool { return in.F == "read" || in.F == "cas" && in.Old == in.Value },
		Describe: func(in RegisterOp, out int, known bool) string {
			if in.F == "cas" {
				out = in.Old
			}
			return describeRegister(in, out, known)
		},
		Access: func(in RegisterOp, out int, known bool) (Access[int], bool) {
			if in.F == "cas" {
				out = in.Old
			}
			return accessRegister(in, out, known)
		},
		Accelerators: Accelerators[int, RegisterOp, int]{
			Nothing: nothingAtZero,
		},
	}
}
