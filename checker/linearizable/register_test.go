package linearizable

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/capsize-go/capsize/model"
)

// registerMaker makes histories of registers: unique says whether every written value is.
func registerMaker(keys int, unique bool) maker[int, model.RegisterOp, int] {
	return maker[int, model.RegisterOp, int]{
		m: model.Register(),
		ask: func(r *rand.Rand, n int) model.RegisterOp {
			key := string(rune('a' + r.IntN(keys)))
			v := n + 1
			if !unique {
				v = r.IntN(3)
			}
			switch r.IntN(5) {
			case 0, 1:
				return model.RegisterOp{F: "write", Key: key, Value: v}
			case 2:
				return model.RegisterOp{F: "cas", Key: key, Old: r.IntN(n + 1), Value: v}
			}
			return model.RegisterOp{F: "read", Key: key}
		},
		answer: func(s int, in model.RegisterOp) int {
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
	agreeAll(t, 7, 4, map[string]maker[int, model.RegisterOp, int]{
		"unique":     registerMaker(1, true),
		"keys":       registerMaker(2, true),
		"duplicates": registerMaker(1, false),
	})
}

// casMaker makes histories of a register whose cas only says whether it was done.
func casMaker(keys int, unique bool) maker[int, model.RegisterOp, int] {
	k := registerMaker(keys, unique)
	k.m = model.CASRegister(0)
	if !unique {
		k.m = model.CASRegister(2)
	}
	ask := k.ask
	k.ask = func(r *rand.Rand, n int) model.RegisterOp {
		in := ask(r, n)
		if in.F == "cas" && !unique {
			in.Old = r.IntN(3)
		}
		return in
	}
	k.spoil = func(r *rand.Rand, out int) int { return r.IntN(4) }
	return k
}

func TestCASRegisterAgrees(t *testing.T) {
	agreeAll(t, 7, 4, map[string]maker[int, model.RegisterOp, int]{
		"unique":     casMaker(1, true),
		"keys":       casMaker(2, true),
		"duplicates": casMaker(1, false),
	})
}

// kvMaker makes histories of a map; with unique set, the strings that gets saw can
// be taken apart.
func kvMaker(keys int, unique bool) maker[string, model.KVOp, string] {
	return maker[string, model.KVOp, string]{
		m: model.KV(),
		ask: func(r *rand.Rand, n int) model.KVOp {
			v := string(rune('a' + n))
			if !unique {
				v = string(rune('a' + r.IntN(2)))
			}
			switch key := keyed(r, keys); r.IntN(5) {
			case 0:
				return model.KVOp{F: "put", Key: key, Value: v}
			case 1, 2:
				return model.KVOp{F: "append", Key: key, Value: v}
			default:
				return model.KVOp{F: "get", Key: key}
			}
		},
		answer: func(s string, in model.KVOp) string {
			if in.F == "get" {
				return s
			}
			return ""
		},
		spoil: func(r *rand.Rand, out string) string {
			switch {
			case out != "" && r.IntN(2) == 0:
				return out[:len(out)-1]
			case len(out) > 1 && r.IntN(2) == 0:
				return out[1:]
			}
			return out + string(rune('a'+r.IntN(7)))
		},
		lose: usually,
	}
}

// kvSwapMaker makes histories of a map in which calls swap as well; without appends, all
// calls are reads, writes and swaps of a register. A swap that finds another value than it
// expects is recorded as done, which makes the history invalid.
func kvSwapMaker(keys, values int, unique, appends bool) maker[string, model.KVOp, string] {
	k := kvMaker(keys, unique)
	ask := k.ask
	pick := func(r *rand.Rand, n int) string {
		if x := r.IntN(values + 1); x > 0 {
			return string(rune('a' + r.IntN(min(n+1, values))))
		}
		return ""
	}
	k.ask = func(r *rand.Rand, n int) model.KVOp {
		in := ask(r, n)
		switch x := r.IntN(3); {
		case x == 0:
			v := in.Value
			if v == "" {
				v = string(rune('a' + n))
			}
			return model.KVOp{F: "cas", Key: in.Key, Old: pick(r, n), Value: v}
		case x == 1 && r.IntN(8) == 0 && !unique:
			return model.KVOp{F: "put", Key: in.Key} // the empty string, which is there at first, too
		case in.F == "append" && !appends:
			in.F = "put"
		}
		return in
	}
	return k
}

// TestKVSwapsAgree is of the calls cas, beside all others. Most of its swaps expect what is
// not there, so that more histories are invalid than of other models.
func TestKVSwapsAgree(t *testing.T) {
	agreeAll(t, 6, 4, map[string]maker[string, model.KVOp, string]{
		"unique":              kvSwapMaker(1, 3, true, true),
		"unique, no appends":  kvSwapMaker(1, 3, true, false),
		"keys":                kvSwapMaker(2, 2, true, true),
		"keys, no appends":    kvSwapMaker(2, 2, false, false),
		"duplicates":          kvSwapMaker(1, 2, false, true),
		"duplicates, no more": kvSwapMaker(1, 2, false, false),
	})
}

func TestKVAgrees(t *testing.T) {
	agreeAll(t, 7, 4, map[string]maker[string, model.KVOp, string]{
		"unique":     kvMaker(1, true),
		"keys":       kvMaker(2, true),
		"duplicates": kvMaker(1, false),
	})
}

func TestMultiRegisterAgrees(t *testing.T) {
	agree(t, maker[string, []model.RegisterOp, []int]{
		m: model.MultiRegister(),
		ask: func(r *rand.Rand, n int) (in []model.RegisterOp) {
			for range 1 + r.IntN(2) {
				in = append(in, model.RegisterOp{F: "read", Key: keyed(r, 2)})
				if r.IntN(2) == 0 {
					in[len(in)-1].F, in[len(in)-1].Value = "write", r.IntN(3)
				}
			}
			return in
		},
		answer: func(s string, in []model.RegisterOp) []int {
			out := make([]int, len(in))
			for i, o := range in {
				for v, step := 0, model.MultiRegister().Step; v < 3; v++ {
					if next, right := step(s, []model.RegisterOp{o}, []int{v}); right {
						s, out[i] = next, v
						break
					}
				}
			}
			return out
		},
		spoil: func(r *rand.Rand, out []int) []int {
			out = slices.Clone(out)
			out[r.IntN(len(out))] = r.IntN(3)
			return out
		},
		lose: usually,
	}, sweep(t), 6, 4)
}
