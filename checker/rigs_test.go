package checker

import (
	"math/rand/v2"
	"slices"
)

// registerRig makes histories of a register with so many values, or unique ones.
func registerRig(name string, m Model[int, RegisterOp, int], values int, swaps bool) rig[int, RegisterOp, int] {
	return rig[int, RegisterOp, int]{
		name: name, m: m,
		ask: func(r *rand.Rand, n int, _ RegisterOp, s int) RegisterOp {
			v := n
			if values > 0 {
				v = n % values
			}
			switch x := r.IntN(4); {
			case x == 0 || !swaps && x == 1:
				return RegisterOp{F: "write", Value: v}
			case x == 1:
				return RegisterOp{F: "cas", Old: s, Value: v}
			}
			return RegisterOp{F: "read"}
		},
		answer: func(s int, in RegisterOp) (int, bool) {
			switch {
			case in.F == "write":
				return 0, true
			case in.F == "cas" && m.Name == "cas-register" && s != in.Old:
				return 0, false // it would fail; here it waits
			}
			return s, true
		},
		lost: func(in RegisterOp) bool { return in.F != "read" },
		spoil: func(in RegisterOp, out int) (int, bool) {
			if values > 0 {
				return values + 1, in.F == "read"
			}
			return 0, in.F == "read" && out > 8 // an older value might be of a write that came late
		},
	}
}

func kvRig(name string, appends bool) rig[string, KVOp, string] {
	return rig[string, KVOp, string]{
		name: name, m: KV(),
		ask: func(r *rand.Rand, n int, _ KVOp, s string) KVOp {
			v := string([]rune{rune(0x4e00 + n/20000), rune(0x4e00 + n%20000)})
			switch x := r.IntN(4); {
			case x == 0 || x == 1 && (len(s) > 60 || !appends):
				return KVOp{F: "put", Value: v}
			case x == 1:
				return KVOp{F: "append", Value: v}
			}
			return KVOp{F: "get"}
		},
		answer: func(s string, in KVOp) (string, bool) {
			if in.F == "get" {
				return s, true
			}
			return "", true
		},
		lost:  func(in KVOp) bool { return in.F != "get" },
		spoil: func(in KVOp, out string) (string, bool) { return "", in.F == "get" && out != "" },
	}
}

func counterRig() rig[int, CounterOp, int] {
	return rig[int, CounterOp, int]{
		name: "counter", m: CounterModel(),
		ask: func(r *rand.Rand, n int, _ CounterOp, _ int) CounterOp {
			if r.IntN(2) == 0 {
				return CounterOp{F: "read"}
			}
			return CounterOp{F: "add", Value: 1 + r.IntN(5)}
		},
		answer: func(s int, in CounterOp) (int, bool) {
			if in.F == "add" {
				return 0, true
			}
			return s, true
		},
		lost:  func(in CounterOp) bool { return in.F == "add" },
		spoil: func(in CounterOp, out int) (int, bool) { return out / 2, in.F == "read" && out > 99 },
	}
}

// lockRig makes histories in which each client acquires and releases in turn. A wrong
// answer can't be: a second acquisition stands for it.
func lockRig() rig[bool, LockOp, int] {
	return rig[bool, LockOp, int]{
		name: "mutex", m: Mutex(),
		ask: func(r *rand.Rand, n int, last LockOp, _ bool) LockOp {
			if last.F == "acquire" {
				return LockOp{F: "release"}
			}
			return LockOp{F: "acquire"}
		},
		answer: func(held bool, in LockOp) (int, bool) { return 0, held == (in.F == "release") },
		lost:   func(in LockOp) bool { return false },
		spoil:  func(LockOp, int) (int, bool) { return 0, false },
	}
}

func queueRig(name string, m Model[string, QueueOp, int], unique bool) rig[string, QueueOp, int] {
	return rig[string, QueueOp, int]{
		name: name, m: m,
		ask: func(r *rand.Rand, n int, _ QueueOp, s string) QueueOp {
			v := n
			if !unique {
				v = n % 5
			}
			if intCount(s) > 8 || r.IntN(2) == 0 {
				return QueueOp{F: "dequeue"}
			}
			return QueueOp{F: "enqueue", Value: v}
		},
		answer: func(s string, in QueueOp) (int, bool) {
			switch {
			case in.F == "enqueue":
				return 0, true
			case s == "":
				return Nil, true
			}
			return intAt(s, 0), true
		},
		lost:  func(in QueueOp) bool { return in.F == "enqueue" },
		spoil: func(in QueueOp, out int) (int, bool) { return -1, in.F == "dequeue" && out != Nil },
	}
}

func stackRig() rig[string, StackOp, int] {
	return rig[string, StackOp, int]{
		name: "stack", m: Stack(),
		ask: func(r *rand.Rand, n int, _ StackOp, s string) StackOp {
			if intCount(s) > 8 || r.IntN(2) == 0 {
				return StackOp{F: "pop"}
			}
			return StackOp{F: "push", Value: n}
		},
		answer: func(s string, in StackOp) (int, bool) {
			switch {
			case in.F == "push":
				return 0, true
			case s == "":
				return Nil, true
			}
			return intAt(s, intCount(s)-1), true
		},
		lost:  func(in StackOp) bool { return in.F == "push" },
		spoil: func(in StackOp, out int) (int, bool) { return -1, in.F == "pop" && out != Nil },
	}
}

func setRig(name string, fs ...string) rig[string, SetOp, []int] {
	return rig[string, SetOp, []int]{
		name: name, m: SetModel(),
		ask: func(r *rand.Rand, n int, _ SetOp, s string) SetOp {
			op := SetOp{F: fs[r.IntN(len(fs))], Value: r.IntN(20)}
			if op.F == "read" {
				op.Value = 0
			}
			return op
		},
		answer: func(s string, in SetOp) ([]int, bool) {
			switch _, there := searchInt(s, in.Value); {
			case in.F == "read":
				return unpackInts(s), true
			case in.F == "contains" && there:
				return []int{in.Value}, true
			}
			return nil, true
		},
		lost: func(in SetOp) bool { return in.F == "add" || in.F == "remove" },
		spoil: func(in SetOp, out []int) ([]int, bool) {
			if in.F == "contains" {
				return []int{99}, true
			}
			return out[:max(0, len(out)-1)], in.F == "read" && len(out) > 0
		},
	}
}

// logRig makes histories of a log of which most reads see the end: a read of all would
// make the size of a history grow with the square of the calls.
func logRig() rig[string, LogOp, []int] {
	return rig[string, LogOp, []int]{
		name: "log", m: Log(),
		ask: func(r *rand.Rand, n int, _ LogOp, s string) LogOp {
			if r.IntN(4) > 0 && intCount(s) < 200 {
				return LogOp{F: "append", Value: n}
			}
			return LogOp{F: "read"}
		},
		answer: func(s string, in LogOp) ([]int, bool) {
			if in.F == "append" {
				return nil, true
			}
			return unpackInts(s), true
		},
		lost: func(in LogOp) bool { return in.F == "append" },
		spoil: func(in LogOp, out []int) ([]int, bool) {
			if in.F != "read" || len(out) < 2 {
				return nil, false
			}
			out = slices.Clone(out)
			out[0], out[1] = out[1], out[0]
			return out, true
		},
	}
}
