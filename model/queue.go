package model

import (
	"slices"

	"github.com/capsize-go/capsize/internal/packed"
	"github.com/capsize-go/capsize/internal/words"
)

// A QueueOp is an input of the models of queues. Its output is an int: the value
// that a dequeue took, or [Nil] if it found the queue empty, and 0 for an enqueue.
type QueueOp struct {
	F     string `json:"f"` // enqueue or dequeue
	Key   string `json:"key,omitempty"`
	Value int    `json:"value,omitempty"` // what is enqueued
}

// String says what is asked, without the key.
func (o QueueOp) String() string {
	if o.F == "enqueue" {
		return "enqueue " + words.Value(o.Value)
	}
	return o.F
}

// FIFOQueue is the model of queues, one a key, in which the first value in is the
// first out: Knossos's fifo-queue. A history whose values are unique is checked in
// O(n log n), unless it has both indeterminate dequeues and dequeues that found nothing.
func FIFOQueue() Model[string, QueueOp, int] {
	m := queueModel("fifo-queue", func(s string, v int) string { return s + packed.Ints(v) })
	m.Decide = decideFIFO
	return m
}

// PriorityQueue is the model of queues, one a key, that return the least value
// first. A history whose values are unique is checked in O(n log n), unless only
// indeterminate dequeues explain it.
func PriorityQueue() Model[string, QueueOp, int] {
	m := queueModel("priority-queue", packed.Insert)
	m.Decide = decidePriority
	return m
}

// queueModel is the model of a queue that returns the first value of its
// state.
func queueModel(name string, put func(s string, v int) string) Model[string, QueueOp, int] {
	return Model[string, QueueOp, int]{
		Name: name,
		Step: func(s string, in QueueOp, out int) (string, bool) {
			switch {
			case in.F == "enqueue":
				return put(s, in.Value), true
			case in.F != "dequeue":
				return s, false
			case s == "":
				return s, out == Nil
			}
			return s[packed.Width:], out == packed.At(s, 0)
		},
		Key:      func(in QueueOp) string { return in.Key },
		Pure:     func(in QueueOp, out int) bool { return in.F == "dequeue" && out == Nil },
		Describe: describeQueue,
		Accelerators: Accelerators[string, QueueOp, int]{
			Justified: justifiedQueue,
		},
	}
}

// UnorderedQueue is the model of queues, one a key, that return their values
// in any order: Knossos's unordered-queue. A dequeue that found nothing must be
// recorded as a Fail. Each value is judged on its own.
func UnorderedQueue() Model[string, QueueOp, int] {
	return Model[string, QueueOp, int]{
		Name: "unordered-queue",
		Step: func(s string, in QueueOp, out int) (string, bool) {
			if in.F == "enqueue" {
				return packed.Insert(s, in.Value), true
			}
			if i, there := packed.Search(s, out); in.F == "dequeue" && there {
				return packed.Delete(s, i), true
			}
			return s, false
		},
		Key:      func(in QueueOp) string { return in.Key },
		Describe: describeQueue,
		Accelerators: Accelerators[string, QueueOp, int]{
			NoEffect:  func(in QueueOp) bool { return in.F == "dequeue" }, // no call observes what is left
			Subkey:    func(Calls[QueueOp, int]) func(Call[QueueOp, int]) int { return queueValue },
			Justified: justifiedQueue,
		},
	}
}

func describeQueue(in QueueOp, out int, known bool) string {
	if out == Nil {
		return answered(in.String(), true, known, "empty")
	}
	return answered(in.String(), in.F == "dequeue", known, words.Value(out))
}

// queueRole says what a call does, and what it puts.
func queueRole(in QueueOp) (role, int) {
	switch in.F {
	case "enqueue":
		return puts, in.Value
	case "dequeue":
		return takes, 0
	}
	return other, 0
}

// queueValue returns what a call puts or takes.
func queueValue(c Call[QueueOp, int]) int {
	if c.In.F == "enqueue" {
		return c.In.Value
	}
	return c.Out
}

// justifiedQueue reports whether others put what a call took.
func justifiedQueue(c Call[QueueOp, int], calls []Call[QueueOp, int]) bool {
	return c.In.F != "dequeue" || c.Out == Nil || slices.ContainsFunc(calls, func(o Call[QueueOp, int]) bool {
		return o.In.F == "enqueue" && o.In.Value == c.Out && o.Invoked < c.Returned
	})
}
