package linearizable

import (
	"math/bits"
	"reflect"

	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/model"
)

// A memo is a model as a [stepper] that calls Step once for each state and class, and remembers the
// result: memoization, as in Knossos.
type memo struct {
	states    view.States
	pureClass []bool          // by class
	table     transitionTable // next state, or None if the answer is wrong
	bytes     int             // that states hold, about
	meter     *budget.Meter
	err       error
}

// maxTransitions bounds how many transitions are remembered.
const maxTransitions = 4 << 20

// A callClass is what the calls of an equivalence class share.
type callClass struct {
	in, out any
	known   bool
}

// number sorts calls into equivalence classes, and returns the model in their numbers.
func (s search) number(spans []view.Span) ([]numbered, *memo) {
	if s.meter == nil {
		s.meter = budget.Unlimited()
	}
	m := &memo{states: s.States(spans), meter: s.meter}
	m.table.slots = make([]transition, 2<<bits.Len(uint(min(len(spans), 1000))))
	classOf := s.classes(len(spans))
	ops := make([]numbered, len(spans))
	for i, sp := range spans {
		class := classOf(sp, int32(len(m.pureClass)))
		if class == int32(len(m.pureClass)) {
			m.states.Class(sp)
			m.pureClass = append(m.pureClass, s.IsPure(sp))
		}
		ops[i] = numbered{sp.Call, sp.Ret, class, sp.Known, sp.Optional}
	}
	return ops, m
}

// classes returns a function that returns the class of a call; next if it begins a new one. Calls whose values
// can't be hashed have a class each.
func (s search) classes(calls int) func(sp view.Span, next int32) int32 {
	if s.ClassKey != nil {
		all := [2]map[string]int32{make(map[string]int32, calls/2), {}}
		var key []byte
		return func(sp view.Span, next int32) int32 {
			key = s.ClassKey(key[:0], s.H.At(sp.Call).Input, view.AnsweredTo(s.H, sp))
			classes := all[view.BoolInt(!sp.Known)]
			class, ok := classes[string(key)]
			if !ok {
				class, classes[string(key)] = next, next
			}
			return class
		}
	}
	all := make(map[callClass]int32, calls/2)
	plain := s.Hashed()
	return func(sp view.Span, next int32) int32 {
		k := callClass{s.H.At(sp.Call).Input, view.AnsweredTo(s.H, sp), sp.Known}
		if k.out == nil {
			k.out = s.Zero
		}
		if plain || hashable(k.in) && hashable(k.out) {
			return classIn(all, k, next)
		}
		return next
	}
}

func classIn(classes map[callClass]int32, k callClass, next int32) int32 {
	class, ok := classes[k]
	if !ok {
		classes[k] = next
		return next
	}
	return class
}

func hashable(v any) bool { return v == nil || reflect.ValueOf(v).Comparable() }

func (m *memo) pure(class int32) bool { return m.pureClass[class] }

func (m *memo) failed() error { return m.err }

func (m *memo) memoryUsed() int { return m.bytes + 12*len(m.table.slots) }

// step looks a transition up, and calls the model where it is new.
func (m *memo) step(state, class int32) (int32, bool) {
	if next, ok := m.table.get(state, class); ok {
		return next, next != model.None
	}
	if m.err != nil {
		return model.None, false
	}
	if m.err = m.meter.Ask(); m.err != nil {
		return model.None, false
	}
	next, bytes, text, err := m.states.Next(state, class)
	if err != nil {
		m.err = err
		return model.None, false
	}
	m.bytes += bytes
	m.meter.Take(text / budget.StateBytesPerStep)
	if m.table.n >= maxTransitions {
		m.table = transitionTable{}
	}
	m.table.put(transition{state + 1, class, next})
	return next, next != model.None
}

// A transitionTable maps a state and a class to the next state: a hash table with open addressing.
type transitionTable struct {
	slots []transition
	n     int
}

// A transition is a row of the table. Its state counts from 1, so that 0 marks a free slot.
type transition struct{ state, class, next int32 }

func (t *transitionTable) at(state, class int32) uint64 {
	h := (uint64(uint32(state))<<32 | uint64(uint32(class))) * 0x9e3779b97f4a7c15
	return (h ^ h>>32) & uint64(len(t.slots)-1)
}

// get returns the next state of a transition, if the table has it.
func (t *transitionTable) get(state, class int32) (next int32, ok bool) {
	if t.n == 0 {
		return model.None, false
	}
	for i := t.at(state+1, class); t.slots[i].state != 0; i = (i + 1) & uint64(len(t.slots)-1) {
		if s := t.slots[i]; s.state == state+1 && s.class == class {
			return s.next, true
		}
	}
	return model.None, false
}

// put adds a transition that the table does not have.
func (t *transitionTable) put(s transition) {
	if 2*t.n >= len(t.slots) {
		old := t.slots
		*t = transitionTable{slots: make([]transition, max(256, 2*len(old)))}
		for _, o := range old {
			if o.state != 0 {
				t.put(o)
			}
		}
	}
	i := t.at(s.state, s.class)
	for t.slots[i].state != 0 {
		i = (i + 1) & uint64(len(t.slots)-1)
	}
	t.slots[i] = s
	t.n++
}

// A registerStepper is a register as a [stepper]: its states are the values. All
// values that no call reads are one state.
type registerStepper struct{ accesses []view.Access }

// unread is the state of all values that no call reads, but the initial one.
const unread = 1

// numberAccesses sorts accesses to a register into equivalence classes. It leaves out calls that need not have
// happened and write nothing that is read.
func numberAccesses(ops []view.Access, values int) ([]numbered, *registerStepper) {
	sought := make([]bool, values+1)
	sought[0] = true
	for _, o := range ops {
		if o.Saw != model.None {
			sought[o.Saw] = true
		}
	}
	m := &registerStepper{}
	m.accesses = make([]view.Access, 0, len(ops)/2)
	classes := view.NewNumbers[uint64](len(ops) / 2)
	all := make([]numbered, 0, len(ops))
	for _, o := range ops {
		k := view.Access{Saw: o.Saw, Put: o.Put, Known: o.Known}
		if k.Saw > 0 {
			k.Saw++
		}
		if k.Put > 0 {
			if k.Put++; !sought[o.Put] {
				k.Put = unread
			}
		}
		free := !o.Known || o.Optional
		if free && (k.Put == model.None || k.Put == unread) {
			continue // it has no effect
		}
		class := classes.Of(uint64(k.Saw+1)<<33 | uint64(k.Put+1)<<1 | uint64(view.BoolInt(k.Known)))
		if int(class) == len(m.accesses) {
			m.accesses = append(m.accesses, k)
		}
		all = append(all, numbered{o.Call, o.Ret, class, o.Known, o.Optional})
	}
	return all, m
}

func (m *registerStepper) pure(class int32) bool { return m.accesses[class].Put == model.None }

func (m *registerStepper) failed() error { return nil }

func (m *registerStepper) memoryUsed() int { return 0 }

// step compares what the class reads to the state, and returns what it writes.
func (m *registerStepper) step(state, class int32) (int32, bool) {
	k := m.accesses[class]
	if k.Saw != model.None && k.Saw != state {
		return state, false
	}
	if k.Put != model.None {
		state = k.Put
	}
	return state, true
}
