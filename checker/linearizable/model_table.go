package linearizable

import (
	"math/bits"
	"reflect"

	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/model"
)

// A memo is a model as a [stepper] that asks Step once for each state and class:
// Knossos calls this memoization.
type memo struct {
	states view.States
	quiet  []bool    // by class
	table  stepTable // next state, or none if the answer is wrong
	bytes  int       // that states hold, about
	meter  *budget.Meter
	err    error
}

// maxMemo bounds the steps that are remembered.
const maxMemo = 4 << 20

// A kind is what makes calls alike.
type kind struct {
	in, out any
	known   bool
}

// number sorts calls into classes.
func (s search) number(spans []view.Span) ([]numbered, *memo) {
	if s.meter == nil {
		s.meter = budget.Unlimited()
	}
	m := &memo{states: s.States(spans), meter: s.meter}
	m.table.slots = make([]stepped, 2<<bits.Len(uint(min(len(spans), 1000))))
	classOf := s.classes(len(spans))
	ops := make([]numbered, len(spans))
	for i, sp := range spans {
		class := classOf(sp, int32(len(m.quiet)))
		if class == int32(len(m.quiet)) {
			m.states.Class(sp)
			m.quiet = append(m.quiet, s.IsPure(sp))
		}
		ops[i] = numbered{sp.Call, sp.Ret, class, sp.Known, sp.Optional}
	}
	return ops, m
}

// classes returns a function that finds the class of a call, or notes a new one for it.
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
	all := make(map[kind]int32, calls/2)
	plain := s.Hashed()
	return func(sp view.Span, next int32) int32 {
		k := kind{s.H.At(sp.Call).Input, view.AnsweredTo(s.H, sp), sp.Known}
		if k.out == nil {
			k.out = s.Zero
		}
		if plain || hashable(k.in) && hashable(k.out) {
			return classIn(all, k, next)
		}
		return next
	}
}

func classIn(classes map[kind]int32, k kind, next int32) int32 {
	class, ok := classes[k]
	if !ok {
		classes[k] = next
		return next
	}
	return class
}

func hashable(v any) bool { return v == nil || reflect.ValueOf(v).Comparable() }

func (m *memo) pure(class int32) bool { return m.quiet[class] }

func (m *memo) failed() error { return m.err }

func (m *memo) held() int { return m.bytes + 12*len(m.table.slots) }

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
	m.meter.Take(text / budget.StateOfModel)
	if m.table.n >= maxMemo {
		m.table = stepTable{}
	}
	m.table.put(stepped{state + 1, class, next})
	return next, next != model.None
}

// A stepTable remembers what steps led to: a hash table with open addressing.
type stepTable struct {
	slots []stepped
	n     int
}

// A stepped state counts from 1, so that a free slot has none.
type stepped struct{ state, class, next int32 }

func (t *stepTable) at(state, class int32) uint64 {
	h := (uint64(uint32(state))<<32 | uint64(uint32(class))) * 0x9e3779b97f4a7c15
	return (h ^ h>>32) & uint64(len(t.slots)-1)
}

func (t *stepTable) get(state, class int32) (next int32, ok bool) {
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

func (t *stepTable) put(s stepped) {
	if 2*t.n >= len(t.slots) {
		old := t.slots
		*t = stepTable{slots: make([]stepped, max(256, 2*len(old)))}
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
// values that nobody looks for are one.
type registerStepper struct{ kinds []view.Access }

// junk is the value of all that nobody looks for, if 0 is not among them.
const junk = 1

// numberAccesses sorts accesses into classes.
func numberAccesses(ops []view.Access, values int) ([]numbered, *registerStepper) {
	sought := make([]bool, values+1)
	sought[0] = true
	for _, o := range ops {
		if o.Saw != model.None {
			sought[o.Saw] = true
		}
	}
	m := &registerStepper{}
	m.kinds = make([]view.Access, 0, len(ops)/2)
	classes := view.NewNumbers[uint64](len(ops) / 2)
	all := make([]numbered, 0, len(ops))
	for _, o := range ops {
		k := view.Access{Saw: o.Saw, Put: o.Put, Known: o.Known}
		if k.Saw > 0 {
			k.Saw++
		}
		if k.Put > 0 {
			if k.Put++; !sought[o.Put] {
				k.Put = junk
			}
		}
		free := !o.Known || o.Optional
		if free && (k.Put == model.None || k.Put == junk) {
			continue // as if it had not happened
		}
		class := classes.Of(uint64(k.Saw+1)<<33 | uint64(k.Put+1)<<1 | uint64(view.BoolInt(k.Known)))
		if int(class) == len(m.kinds) {
			m.kinds = append(m.kinds, k)
		}
		all = append(all, numbered{o.Call, o.Ret, class, o.Known, o.Optional})
	}
	return all, m
}

func (m *registerStepper) pure(class int32) bool { return m.kinds[class].Put == model.None }

func (m *registerStepper) failed() error { return nil }

func (m *registerStepper) held() int { return 0 }

func (m *registerStepper) step(state, class int32) (int32, bool) {
	k := m.kinds[class]
	if k.Saw != model.None && k.Saw != state {
		return state, false
	}
	if k.Put != model.None {
		state = k.Put
	}
	return state, true
}
