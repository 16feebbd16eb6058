package linearizable

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/capsize-go/capsize/internal/packed"
	"github.com/capsize-go/capsize/model"
)

// value returns the n-th value: a new one, or one of a few.
func value(r *rand.Rand, n int, unique bool) int {
	if unique {
		return n + 1
	}
	return r.IntN(3)
}

func keyed(r *rand.Rand, keys int) string { return string(rune('a' + r.IntN(keys))) }

func counterMaker(keys int, deltas ...int) maker[int, model.CounterOp, int] {
	return maker[int, model.CounterOp, int]{
		m: model.Counter(),
		ask: func(r *rand.Rand, n int) model.CounterOp {
			if r.IntN(2) == 0 {
				return model.CounterOp{F: "add", Key: keyed(r, keys), Value: deltas[r.IntN(len(deltas))]}
			}
			return model.CounterOp{F: "read", Key: keyed(r, keys)}
		},
		answer: func(s int, in model.CounterOp) int {
			if in.F == "add" {
				return 0
			}
			return s
		},
		spoil: func(r *rand.Rand, out int) int { return out + deltas[0]*(1-2*r.IntN(2))*(1+r.IntN(2)) },
		lose:  usually,
	}
}

// setMaker makes histories of sets, of the kinds of calls given.
func setMaker(keys int, unique bool, fs ...string) maker[string, model.SetOp, []int] {
	return maker[string, model.SetOp, []int]{
		m: model.Set(),
		ask: func(r *rand.Rand, n int) model.SetOp {
			op := model.SetOp{F: fs[r.IntN(len(fs))], Key: keyed(r, keys)}
			switch {
			case op.F == "add":
				op.Value = value(r, n, unique)
			case op.F != "read":
				op.Value = r.IntN(n + 1)
			}
			return op
		},
		answer: func(s string, in model.SetOp) []int {
			switch _, there := packed.Search(s, in.Value); {
			case in.F == "read":
				return packed.Unpack(s)
			case in.F == "contains" && there:
				return []int{in.Value}
			}
			return nil
		},
		spoil: func(r *rand.Rand, out []int) []int {
			if len(out) > 0 && r.IntN(2) == 0 {
				return slices.Delete(slices.Clone(out), 0, 1)
			}
			return append(slices.Clone(out), r.IntN(5))
		},
		lose: usually,
	}
}

// queueMaker makes histories of queues in which every third call or so finds nothing, if empty is set.
func queueMaker(m model.Model[string, model.QueueOp, int], take func(s string) int, keys int, unique, empty bool) maker[string, model.QueueOp, int] {
	return maker[string, model.QueueOp, int]{
		m: m,
		ask: func(r *rand.Rand, n int) model.QueueOp {
			if r.IntN(2) == 0 {
				return model.QueueOp{F: "enqueue", Key: keyed(r, keys), Value: value(r, n, unique)}
			}
			return model.QueueOp{F: "dequeue", Key: keyed(r, keys)}
		},
		answer: func(s string, in model.QueueOp) int {
			switch {
			case in.F == "enqueue":
				return 0
			case s == "":
				return model.Nil
			}
			return take(s)
		},
		spoil: func(r *rand.Rand, out int) int {
			if empty && r.IntN(3) == 0 {
				return model.Nil
			}
			return r.IntN(6)
		},
		lose: func(r *rand.Rand) (info, fail bool) { x := r.IntN(10); return x < 3, x == 3 },
	}
}

func first(s string) int { return packed.At(s, 0) }

func stackMaker(keys int, unique bool) maker[string, model.StackOp, int] {
	return maker[string, model.StackOp, int]{
		m: model.Stack(),
		ask: func(r *rand.Rand, n int) model.StackOp {
			if r.IntN(2) == 0 {
				return model.StackOp{F: "push", Key: keyed(r, keys), Value: value(r, n, unique)}
			}
			return model.StackOp{F: "pop", Key: keyed(r, keys)}
		},
		answer: func(s string, in model.StackOp) int {
			switch {
			case in.F == "push":
				return 0
			case s == "":
				return model.Nil
			}
			return packed.At(s, packed.Len(s)-1)
		},
		spoil: func(r *rand.Rand, out int) int {
			if r.IntN(3) == 0 {
				return model.Nil
			}
			return r.IntN(6)
		},
		lose: usually,
	}
}

func logMaker(keys int, unique, offsets bool) maker[string, model.LogOp, []int] {
	return maker[string, model.LogOp, []int]{
		m: model.Log(),
		ask: func(r *rand.Rand, n int) model.LogOp {
			if r.IntN(2) == 0 {
				return model.LogOp{F: "append", Key: keyed(r, keys), Value: value(r, n, unique)}
			}
			return model.LogOp{F: "read", Key: keyed(r, keys)}
		},
		answer: func(s string, in model.LogOp) []int {
			switch {
			case in.F == "read":
				return packed.Unpack(s)
			case offsets:
				return []int{packed.Len(s)}
			}
			return nil
		},
		spoil: func(r *rand.Rand, out []int) []int {
			switch len(out) {
			case 0:
				return []int{r.IntN(4)}
			case 1:
				return []int{out[0] + 1 - r.IntN(3)}
			}
			out = slices.Clone(out)
			if r.IntN(2) == 0 {
				return out[1:]
			}
			i := r.IntN(len(out))
			out[0], out[i] = out[i], out[0]
			return out[:1+r.IntN(len(out))]
		},
		lose: usually,
	}
}

func idMaker() maker[string, model.IDOp, int] {
	return maker[string, model.IDOp, int]{
		m:      model.UniqueIDs(),
		ask:    func(r *rand.Rand, n int) model.IDOp { return model.IDOp{F: "generate", Key: keyed(r, 2)} },
		answer: func(s string, in model.IDOp) int { return 7 * packed.Len(s) },
		spoil:  func(r *rand.Rand, out int) int { return 7 * r.IntN(4) },
		lose:   usually,
	}
}

func TestCounterAgrees(t *testing.T) {
	agreeAll(t, 7, 4, map[string]maker[int, model.CounterOp, int]{
		"ones":    counterMaker(1, 1),
		"threes":  counterMaker(2, -3),
		"zeros":   counterMaker(1, 1, 0),
		"growing": counterMaker(1, 1, 2, 3),
		"mixed":   counterMaker(1, 1, 2, -2),
	})
}

func TestSetAgrees(t *testing.T) {
	agreeAll(t, 7, 4, map[string]maker[string, model.SetOp, []int]{
		"growing":    setMaker(1, true, "add", "read"),
		"keys":       setMaker(2, true, "add", "read"),
		"again":      setMaker(1, false, "add", "read"),
		"elements":   setMaker(1, false, "add", "remove", "contains"),
		"all":        setMaker(1, true, "add", "remove", "contains", "read"),
		"duplicates": setMaker(1, false, "add", "remove", "read"),
	})
}

func TestQueueAgrees(t *testing.T) {
	agreeAll(t, 8, 4, map[string]maker[string, model.QueueOp, int]{
		"fifo":                 queueMaker(model.FIFOQueue(), first, 1, true, false),
		"fifo, empty":          queueMaker(model.FIFOQueue(), first, 1, true, true),
		"fifo, keys":           queueMaker(model.FIFOQueue(), first, 2, true, true),
		"fifo, duplicates":     queueMaker(model.FIFOQueue(), first, 1, false, true),
		"priority":             queueMaker(model.PriorityQueue(), first, 1, true, true),
		"priority, duplicates": queueMaker(model.PriorityQueue(), first, 1, false, true),
	})
}

func TestUnorderedQueueAgrees(t *testing.T) {
	last := func(s string) int { return packed.At(s, packed.Len(s)/2) }
	for name, unique := range map[string]bool{"unique": true, "duplicates": false} {
		k := queueMaker(model.UnorderedQueue(), last, 1, unique, false)
		k.lose = usually
		ask := k.ask
		k.ask = func(r *rand.Rand, n int) model.QueueOp {
			if n < 2 {
				return model.QueueOp{F: "enqueue", Key: "a", Value: value(r, n, unique)}
			}
			return ask(r, n)
		}
		t.Run(name, func(t *testing.T) { agree(t, k, sweep(t)/2, 7, 4) })
	}
}

func TestStackAgrees(t *testing.T) {
	agreeAll(t, 8, 4, map[string]maker[string, model.StackOp, int]{
		"unique":     stackMaker(1, true),
		"keys":       stackMaker(2, true),
		"duplicates": stackMaker(1, false),
	})
}

func TestLogAgrees(t *testing.T) {
	agreeAll(t, 7, 4, map[string]maker[string, model.LogOp, []int]{
		"unique":     logMaker(1, true, false),
		"offsets":    logMaker(1, true, true),
		"keys":       logMaker(2, true, false),
		"duplicates": logMaker(1, false, true),
	})
}

func TestUniqueIDsAgrees(t *testing.T) {
	k := idMaker()
	agree(t, k, sweep(t), 6, 4)
}
