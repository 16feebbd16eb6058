package checker

import "slices"

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
		return "enqueue " + text(o.Value)
	}
	return o.F
}

// FIFOQueue is the model of queues, one a key, that give back first what was put
// in first: Knossos's fifo-queue. A history whose values are unique is checked in
// O(n log n), unless dequeues of unknown outcome meet some that found nothing.
func FIFOQueue() Model[string, QueueOp, int] {
	m := queueModel("fifo-queue", func(s string, v int) string { return s + packInts(v) })
	m.special = specially(decideFIFO)
	return m
}

// PriorityQueue is the model of queues, one a key, that give back the least value
// first. A history whose values are unique is checked in O(n log n), unless it takes
// dequeues of unknown outcome to explain it.
func PriorityQueue() Model[string, QueueOp, int] {
	m := queueModel("priority-queue", insertInt)
	m.special = specially(decidePriority)
	return m
}

// queueModel is the model of a queue that gives back the first value of its
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
			return s[intBytes:], out == intAt(s, 0)
		},
		Key:      func(in QueueOp) string { return in.Key },
		Pure:     func(in QueueOp, out int) bool { return in.F == "dequeue" && out == Nil },
		Describe: describeQueue,
		own:      own{founded: foundedBy(foundedQueue)},
	}
}

// UnorderedQueue is the model of queues, one a key, that give back what was put in,
// in any order: Knossos's unordered-queue. A dequeue that found nothing must be
// recorded as a Fail. Each value is judged on its own.
func UnorderedQueue() Model[string, QueueOp, int] {
	return Model[string, QueueOp, int]{
		Name: "unordered-queue",
		Step: func(s string, in QueueOp, out int) (string, bool) {
			if in.F == "enqueue" {
				return insertInt(s, in.Value), true
			}
			if i, there := searchInt(s, out); in.F == "dequeue" && there {
				return deleteInt(s, i), true
			}
			return s, false
		},
		Key:      func(in QueueOp) string { return in.Key },
		Describe: describeQueue,
		own: own{
			moot:    onInput(func(in QueueOp) bool { return in.F == "dequeue" }), // nobody looks whether anything is left
			finer:   finerBy(func(facts[QueueOp, int]) func(fact[QueueOp, int]) int { return queueValue }),
			founded: foundedBy(foundedQueue),
		},
	}
}

func describeQueue(in QueueOp, out int, known bool) string {
	if out == Nil {
		return answered(in.String(), true, known, "empty")
	}
	return answered(in.String(), in.F == "dequeue", known, text(out))
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
func queueValue(c fact[QueueOp, int]) int {
	if c.in.F == "enqueue" {
		return c.in.Value
	}
	return c.out
}

// foundedQueue reports whether others put what a call took.
func foundedQueue(c fact[QueueOp, int], calls []fact[QueueOp, int]) bool {
	return c.in.F != "dequeue" || c.out == Nil || slices.ContainsFunc(calls, func(o fact[QueueOp, int]) bool {
		return o.in.F == "enqueue" && o.in.Value == c.out && o.call < c.ret
	})
}
