package checker

import (
	"math/rand/v2"
	"testing"
)

// registerMaker makes histories of registers: unique says whether every written value is.
func registerMaker(keys int, unique bool) maker[int, RegisterOp, int] {
	return maker[int, RegisterOp, int]{
		m: Register(),
		ask: func(r *rand.Rand, n int) RegisterOp {
			key := string(rune('a' + r.IntN(keys)))
			v := n + 1
			if !unique {
				v = r.IntN(3)
			}
			switch r.IntN(5) {
			case 0, 1:
				return RegisterOp{F: "write", Key: key, Value: v}
			case 2:
				return RegisterOp{F: "cas", Key: key, Old: r.IntN(n + 1), Value: v}
			}
			return RegisterOp{F: "read", Key: key}
		},
		answer: func(s int, in RegisterOp) int {
			if in.F == "write" {
				return 0
			}
			return s
		},
		spoil: func(r *rand.Rand, out int) int { return r.IntN(5) },
		lose:  usually,
	}
}

func TestRegisterAgrees(t *testing.T) {
	for name, k := range map[string]maker[int, RegisterOp, int]{
		"unique":     registerMaker(1, true),
		"keys":       registerMaker(2, true),
		"duplicates": registerMaker(1, false),
	} {
		t.Run(name, func(t *testing.T) { agree(t, k, Linearizable(k.m), 7, 4) })
	}
}
