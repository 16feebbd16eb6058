package linearizable

import (
	"math/rand/v2"
	"slices"

	"github.com/capsize-go/capsize/internal/packed"
	"github.com/capsize-go/capsize/model"
)

// registerGenerator makes histories of a register with n values, or unique ones.
func registerGenerator(name string, m model.Model[int, model.RegisterOp, int], values int, swaps bool) generator[int, model.RegisterOp, int] {
	return generator[int, model.RegisterOp, int]{
		name: name, m: m,
		ask: func(r *rand.Rand, n int, _ model.RegisterOp, s int) model.RegisterOp {
			v := n
			if values > 0 {
				v = n % values
			}
			switch x := r.IntN(4); {
			case x == 0 || !swaps && x == 1:
				return model.RegisterOp{F: "write", Value: v}
			case x == 1:
				return model.RegisterOp{F: "cas", Old: s, Value: v}
			}
			return model.RegisterOp{F: "read"}
		},
		answer: func(s int, in model.RegisterOp) (int, bool) {
			switch {
			case in.F == "write":
				return 0, true
			case in.F == "cas" && m.Name == "cas-register" && s != in.Old:
				return 0, false // it would fail; here it waits
			}
			return s, true
		},
		lost: func(in model.RegisterOp) bool { return in.F != "read" },
		spoil: func(in model.RegisterOp, out int) (int, bool) {
			if values > 0 {
				return values + 1, in.F == "read"
			}
			return 0, in.F == "read" && out > 8 // an older value might be of a write that came late
		},
	}
}

func kvGenerator(name string, appends bool) generator[string, model.KVOp, string] {
	return generator[string, model.KVOp, string]{
		name: name, m: model.KV(),
		ask: func(r *rand.Rand, n int, _ model.KVOp, s string) model.KVOp {
			v := string([]rune{rune(0x4e00 + n/20000), rune(0x4e00 + n%20000)})
			switch x := r.IntN(4); {
			case x == 0 || x == 1 && (len(s) > 60 || !appends):
				return model.KVOp{F: "put", Value: v}
			case x == 1:
				return model.KVOp{F: "append", Value: v}
			}
			return model.KVOp{F: "get"}
		},
		answer: func(s string, in model.KVOp) (string, bool) {
			if in.F == "get" {
				return s, true
			}
			return "", true
		},
		lost:  func(in model.KVOp) bool { return in.F != "get" },
		spoil: func(in model.KVOp, out string) (string, bool) { return "", in.F == "get" && out != "" },
	}
}

func counterGenerator() generator[int, model.CounterOp, int] {
	return generator[int, model.CounterOp, int]{
		name: "counter", m: model.Counter(),
		ask: func(r *rand.Rand, n int, _ model.CounterOp, _ int) model.CounterOp {
			if r.IntN(2) == 0 {
				return model.CounterOp{F: "read"}
			}
			return model.CounterOp{F: "add", Value: 1 + r.IntN(5)}
		},
		answer: func(s int, in model.CounterOp) (int, bool) {
			if in.F == "add" {
				return 0, true
			}
			return s, true
		},
		lost:  func(in model.CounterOp) bool { return in.F == "add" },
		spoil: func(in model.CounterOp, out int) (int, bool) { return out / 2, in.F == "read" && out > 99 },
	}
}

// lockGenerator makes histories in which each client acquires and releases in turn. A wrong
// answer can't be: a second acquisition stands for it.
func lockGenerator() generator[bool, model.LockOp, int] {
	return generator[bool, model.LockOp, int]{
		name: "mutex", m: model.Mutex(),
		ask: func(r *rand.Rand, n int, last model.LockOp, _ bool) model.LockOp {
			if last.F == "acquire" {
				return model.LockOp{F: "release"}
			}
			return model.LockOp{F: "acquire"}
		},
		answer: func(held bool, in model.LockOp) (int, bool) { return 0, held == (in.F == "release") },
		lost:   func(in model.LockOp) bool { return false },
		spoil:  func(model.LockOp, int) (int, bool) { return 0, false },
	}
}

func queueGenerator(name string, m model.Model[string, model.QueueOp, int], unique bool) generator[string, model.QueueOp, int] {
	return generator[string, model.QueueOp, int]{
		name: name, m: m,
		ask: func(r *rand.Rand, n int, _ model.QueueOp, s string) model.QueueOp {
			v := n
			if !unique {
				v = n % 5
			}
			if packed.Len(s) > 8 || r.IntN(2) == 0 {
				return model.QueueOp{F: "dequeue"}
			}
			return model.QueueOp{F: "enqueue", Value: v}
		},
		answer: func(s string, in model.QueueOp) (int, bool) {
			switch {
			case in.F == "enqueue":
				return 0, true
			case s == "":
				return model.Nil, true
			}
			return packed.At(s, 0), true
		},
		lost:  func(in model.QueueOp) bool { return in.F == "enqueue" },
		spoil: func(in model.QueueOp, out int) (int, bool) { return -1, in.F == "dequeue" && out != model.Nil },
	}
}

func stackGenerator() generator[string, model.StackOp, int] {
	return generator[string, model.StackOp, int]{
		name: "stack", m: model.Stack(),
		ask: func(r *rand.Rand, n int, _ model.StackOp, s string) model.StackOp {
			if packed.Len(s) > 8 || r.IntN(2) == 0 {
				return model.StackOp{F: "pop"}
			}
			return model.StackOp{F: "push", Value: n}
		},
		answer: func(s string, in model.StackOp) (int, bool) {
			switch {
			case in.F == "push":
				return 0, true
			case s == "":
				return model.Nil, true
			}
			return packed.At(s, packed.Len(s)-1), true
		},
		lost:  func(in model.StackOp) bool { return in.F == "push" },
		spoil: func(in model.StackOp, out int) (int, bool) { return -1, in.F == "pop" && out != model.Nil },
	}
}

func setGenerator(name string, fs ...string) generator[string, model.SetOp, []int] {
	return generator[string, model.SetOp, []int]{
		name: name, m: model.Set(),
		ask: func(r *rand.Rand, n int, _ model.SetOp, s string) model.SetOp {
			op := model.SetOp{F: fs[r.IntN(len(fs))], Value: r.IntN(20)}
			if op.F == "read" {
				op.Value = 0
			}
			return op
		},
		answer: func(s string, in model.SetOp) ([]int, bool) {
			switch _, there := packed.Search(s, in.Value); {
			case in.F == "read":
				return packed.Unpack(s), true
			case in.F == "contains" && there:
				return []int{in.Value}, true
			}
			return nil, true
		},
		lost: func(in model.SetOp) bool { return in.F == "add" || in.F == "remove" },
		spoil: func(in model.SetOp, out []int) ([]int, bool) {
			if in.F == "contains" {
				return []int{99}, true
			}
			return out[:max(0, len(out)-1)], in.F == "read" && len(out) > 0
		},
	}
}

// logGenerator makes histories of a log of which most reads see the end: a read of all would
// make the size of a history grow with the square of the calls.
func logGenerator() generator[string, model.LogOp, []int] {
	return generator[string, model.LogOp, []int]{
		name: "log", m: model.Log(),
		ask: func(r *rand.Rand, n int, _ model.LogOp, s string) model.LogOp {
			if r.IntN(4) > 0 && packed.Len(s) < 200 {
				return model.LogOp{F: "append", Value: n}
			}
			return model.LogOp{F: "read"}
		},
		answer: func(s string, in model.LogOp) ([]int, bool) {
			if in.F == "append" {
				return nil, true
			}
			return packed.Unpack(s), true
		},
		lost: func(in model.LogOp) bool { return in.F == "append" },
		spoil: func(in model.LogOp, out []int) ([]int, bool) {
			if in.F != "read" || len(out) < 2 {
				return nil, false
			}
			out = slices.Clone(out)
			out[0], out[1] = out[1], out[0]
			return out, true
		},
	}
}
