// Package history records what clients asked of a system and what it answered.
//
// A [History] is a sequence of ops in the order in which they took place. Each
// operation of a client is two ops: an Invoke when it asks, and an OK, a Fail or
// an Info when it learns, or gives up learning, the result. Checkers read
// calls, which pair the two; see [History.Calls].
//
// # Files
//
// A file of ours has one JSON object a line. [History.Write] writes it, and
// [ReadAs] reads it with inputs and outputs of the types that they had; [Read]
// needs no types. [ScanAs] holds one op at a time.
//
// [Decode] and [Scan] read the files of others too: Jepsen's EDN, the JSON of
// elle-cli, the logs that porcupine reads, Maelstrom's. They find the [Format] by
// looking, and return what was recorded as [JepsenOp], whose values have the types
// of [edn.Parse]. [Encoder] and [History.Encode] write all of these formats. Scan
// and Encoder hold one op at a time, so that a file may be larger than memory.
//
// What is wrong with a file is a [*FileError], which names file and line.
package history

import (
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// A History is the sequence of ops of one run. The zero value is empty and
// ready to use. It is not safe for concurrent use.
type History struct {
	ops    rows
	paired atomic.Pointer[[]int32] // what ends returned last
}

// Of returns a history of these ops, in this order. It gives each its index.
func Of(ops ...Op) *History {
	h := &History{}
	h.Grow(len(ops))
	for _, op := range ops {
		h.Add(op)
	}
	return h
}

// Add appends op, gives it its index and returns it.
func (h *History) Add(op Op) Op {
	op.Index = h.ops.len()
	h.ops.add(op)
	return op
}

// Grow makes room for n more ops, so that adding them copies none.
func (h *History) Grow(n int) { h.ops.grow(n) }

// Len returns the number of ops.
func (h *History) Len() int { return h.ops.len() }

// At returns the op with index i.
func (h *History) At(i int) Op { return h.ops.at(i) }

// Clone returns a copy that shares nothing but the values of inputs and outputs.
func (h *History) Clone() *History { return Of(slices.Collect(h.Ops())...) }

// Ops yields every op in order.
func (h *History) Ops() iter.Seq[Op] { return h.ops.all() }

// Calls yields each client invocation with its completion, in the order of the
// invocations. Ops of the nemesis are not calls; see [History.Faults]. A
// completion without an invocation before it is passed over: [Read] and
// a strict [Decode] refuse such a history, with the line.
func (h *History) Calls() iter.Seq[Call] {
	return func(yield func(Call) bool) {
		ends := h.ends()
		for i := range h.Len() {
			if process, kind := h.ops.caller(i); process != Nemesis && kind == Invoke && !yield(h.CallAt(i, int(ends[i]))) {
				return
			}
		}
	}
}

// ends returns for each invocation of a client the index of its completion, or -1. It pairs the ops anew only if some were added.
// The pending call of a process with a small number stands in a list, which is faster than a map.
func (h *History) ends() []int32 {
	if known := h.paired.Load(); known != nil && len(*known) == h.Len() {
		return *known
	}
	both := make([]int32, 2*h.Len())
	ends, list := both[:h.Len()], both[h.Len():]
	many := map[int]int32{}
	for i := range h.Len() {
		process, kind := h.ops.caller(i)
		ends[i] = -1
		if process == Nemesis {
			continue
		}
		small := process >= 0 && process < len(list)
		var open int32 // index of its invocation, counted from 1; 0 for none
		if small {
			open = list[process]
		} else {
			open = many[process]
		}
		next := int32(i) + 1
		if kind != Invoke {
			next = 0
			if open > 0 {
				ends[open-1] = int32(i)
			}
		}
		switch {
		case small:
			list[process] = next
		case next == 0:
			delete(many, process)
		default:
			many[process] = next
		}
	}
	h.paired.Store(&ends)
	return ends
}

// Faults yields each fault of the nemesis as a call: its Invoke is the
// injection, its completion the heal.
func (h *History) Faults() iter.Seq[Call] {
	return func(yield func(Call) bool) {
		ends, open := make([]int, h.Len()), map[string]int{}
		for i := range h.Len() {
			o := h.At(i)
			ends[i] = -1
			if o.Process != Nemesis {
				continue
			}
			if o.Type == Invoke {
				open[o.Key] = i
			} else if at, ok := open[o.Key]; ok {
				ends[at] = i
				delete(open, o.Key)
			}
		}
		for i := range h.Len() {
			o := h.At(i)
			if o.Process == Nemesis && o.Type == Invoke && !yield(h.CallAt(i, ends[i])) {
				return
			}
		}
	}
}

// End returns the time of the last op.
func (h *History) End() time.Duration {
	if h.Len() == 0 {
		return 0
	}
	return h.At(h.Len() - 1).Time
}

// String formats the history with one op a line.
func (h *History) String() string {
	var b strings.Builder
	for o := range h.Ops() {
		b.WriteString(o.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// CallAt pairs the invocation at an index with the completion at another, or at -1 if there is none.
func (h *History) CallAt(invoke, end int) Call {
	c := Call{Invoke: h.At(invoke)}
	if end >= 0 {
		c.Complete = h.At(end)
		return c
	}
	c.Complete = Op{Index: -1, Time: Forever, Process: c.Invoke.Process, Node: c.Invoke.Node, Type: Info, Key: c.Invoke.Key}
	return c
}
