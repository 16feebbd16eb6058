package view

import (
	"fmt"
	"reflect"

	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// Checkers do not have the types of the model as type parameters: the compiler would compile them again for each
// model in each package that uses one, which took half a minute. So inputs and outputs are boxed, as
// in a history, and [Hooks] call the model. Its states and values are an [object].

// Hooks are a model's functions without its types. Those that the model lacks are nil, except Takes, Gives,
// types, describe and KeyOf.
type Hooks struct {
	Name     string
	Register bool // whether the model has Access
	Keyed    bool // whether it has keys

	Takes, Gives func(v any) bool        // whether a value is an input, or an answer, of the model
	types        func() (in, out string) // as %T names them
	Hashed       func() bool             // whether all inputs and outputs are hashable
	Zero         any                     // the zero answer
	KeyOf        func(in any) string     // the key that a call touches; empty if there are none
	describe     func(in, out any, known bool) string

	Pure           func(in, out any) bool
	NoEffect       func(in any) bool
	NeedsInference func(in any) bool
	ClassKey       func(b []byte, in, out any) []byte
	Decide         func(Calls) model.Decision
	Subkey         func(Calls) func(i int) int
	Justified      func(Calls) func(i int) bool
}

// Calls are some calls of a history.
type Calls struct {
	H     *history.History
	Spans []Span
}

// AnsweredTo returns the answer to a call, or nil if it is not known.
func AnsweredTo(h *history.History, sp Span) any {
	if !sp.Known {
		return nil
	}
	return h.At(sp.End).Output
}

// as returns an answer with its type. A missing answer is the zero Out, as that of a write may be.
func as[Out any](v any) Out {
	out, _ := v.(Out)
	return out
}

// callsOf returns calls with the types of a model, each made on demand.
func callsOf[In, Out any](c Calls) model.Calls[In, Out] {
	return model.Calls[In, Out]{N: len(c.Spans), At: func(i int) model.Call[In, Out] {
		sp := &c.Spans[i]
		f := model.Call[In, Out]{In: c.H.At(sp.Call).Input.(In), Known: sp.Known, Invoked: sp.Call, Returned: sp.Ret}
		if sp.Known {
			f.Out, _ = c.H.At(sp.End).Output.(Out)
		}
		return f
	}}
}

// A Model is a model without its types.
type Model struct {
	*Hooks
	over func(h *history.History) object
}

// Of returns the view of the calls of a history.
func (m Model) Of(h *history.History) View {
	return View{Hooks: m.Hooks, object: m.over(h), H: h}
}

// Erase returns a model without its types. It panics if the model has no Name or no Step.
func Erase[S comparable, In, Out any](m model.Model[S, In, Out]) Model {
	if m.Name == "" || m.Step == nil {
		panic(fmt.Sprintf("checker: model %q needs Name and Step", m.Name))
	}
	return Erased(&m)
}

// Erased is Erase for a model that has Name and Step.
func Erased[S comparable, In, Out any](m *model.Model[S, In, Out]) Model {
	k := &Hooks{Name: m.Name, Register: m.Access != nil, Keyed: m.Key != nil, Zero: *new(Out)}
	k.Takes = func(v any) bool { _, ok := v.(In); return ok }
	k.Gives = func(v any) bool { _, ok := v.(Out); return ok }
	k.types = func() (in, out string) { return fmt.Sprintf("%T", *new(In)), fmt.Sprintf("%T", *new(Out)) }
	k.Hashed = func() bool { return isPlain(reflect.TypeFor[In]()) && isPlain(reflect.TypeFor[Out]()) }
	k.KeyOf = func(any) string { return "" }
	if m.Key != nil {
		k.KeyOf = func(in any) string { return m.Key(in.(In)) }
	}
	k.describe = describeAny
	if m.Describe != nil {
		k.describe = func(in, out any, known bool) string { return m.Describe(in.(In), as[Out](out), known) }
	}
	if m.Pure != nil {
		k.Pure = func(in, out any) bool { return m.Pure(in.(In), as[Out](out)) }
	}
	eraseMore(k, m)
	v := &valued[S]{init: m.Init}
	v.step = func(s S, in, out any) (S, bool) { return m.Step(s, in.(In), as[Out](out)) }
	if m.Access != nil {
		v.access = func(in, out any, known bool) (model.Access[S], bool) { return m.Access(in.(In), as[Out](out), known) }
	}
	if m.Nothing != nil {
		v.nothing, v.maybeNothing = m.Nothing(m.Init)
	}
	if m.Infer != nil {
		v.infer = func(c Calls) (model.Inference[S], bool) { return m.Infer(callsOf[In, Out](c)) }
	}
	if m.Canonical != nil {
		v.canonical = func(c Calls) func(S) S { return m.Canonical(callsOf[In, Out](c).All()) }
	}
	return Model{k, func(h *history.History) object { return &typedObject[S]{Hooks: k, valued: v, h: h} }}
}

// eraseMore sets the hooks for the model's accelerators.
func eraseMore[S comparable, In, Out any](k *Hooks, m *model.Model[S, In, Out]) {
	if m.NoEffect != nil {
		k.NoEffect = func(in any) bool { return m.NoEffect(in.(In)) }
	}
	if m.NeedsInference != nil {
		k.NeedsInference = func(in any) bool { return m.NeedsInference(in.(In)) }
	}
	if m.ClassKey != nil {
		k.ClassKey = func(b []byte, in, out any) []byte { return m.ClassKey(b, in.(In), as[Out](out)) }
	}
	if m.Decide != nil {
		k.Decide = func(c Calls) model.Decision { return m.Decide(callsOf[In, Out](c)) }
	}
	if m.Subkey != nil {
		k.Subkey = func(c Calls) func(int) int {
			calls := callsOf[In, Out](c)
			label := m.Subkey(calls)
			if label == nil {
				return nil
			}
			return func(i int) int { return label(calls.At(i)) }
		}
	}
	if m.Justified != nil {
		k.Justified = func(c Calls) func(int) bool {
			all := callsOf[In, Out](c).All()
			return func(i int) bool { return m.Justified(all[i], all) }
		}
	}
}

func describeAny(in, out any, known bool) string {
	if known {
		return fmt.Sprintf("%v → %v", in, out)
	}
	return fmt.Sprintf("%v → ?", in)
}

// An object is the states and the values of a model, as the calls of one history mention them. Searches see
// them as numbers, explanations see them boxed.
type object interface {
	Initial() any
	beginning() (v any, ok bool) // what stands for nothing, if it is a right answer before any write

	// Access says what a call reads and writes; intended says what its input asks for.
	Access(sp Span) (model.Access[any], bool)
	intended(in any) (model.Access[any], bool)
	Puts(sp Span) (writes, ok bool)                            // whether a call writes
	accesses(spans []Span) (ops []Access, values int, ok bool) // those of calls on one key; value 0 is the initial one
	Mentions(expected int) Mentions                            // those of calls on all keys

	// infer returns the object with accesses inferred from the calls together, or nil if there are none. Plain undoes it.
	infer(spans []Span) (object, *inferred)
	plain() object

	Step(state any, sp Span) (next any, ok bool, err error)
	States(spans []Span) States
}

// A mention is a [model.Access] with numbers for values.
type mention struct {
	Reads, Writes bool
	Saw, Put      int32
}

// Mentions number the values of an object, on all keys. 0 is the initial one.
type Mentions interface {
	Of(sp Span) (m mention, ok bool)
	Nothing() (n int32, ok bool) // the number of what stands for nothing, if it is a right answer before any write
	Value(n int32) any
}

// States number the states of an object. 0 is the initial one.
type States interface {
	Class(sp Span) // adds a class, of which this is a call

	// Next returns the state after a call of a class, or None if the answer is wrong. For a new state it returns
	// its size in bytes, and its length if it is a string.
	Next(state, class int32) (next int32, bytes, text int, err error)
}

// A valued is a model's functions on states and values, without the types of inputs and outputs.
type valued[S comparable] struct {
	init, nothing S
	maybeNothing  bool // whether nothing is a right answer at first
	step          func(s S, in, out any) (S, bool)
	access        func(in, out any, known bool) (model.Access[S], bool)
	infer         func(Calls) (model.Inference[S], bool)
	canonical     func(Calls) func(S) S
}

// A typedObject is an [object] with its type.
type typedObject[S comparable] struct {
	*Hooks
	*valued[S]
	h        *history.History
	inferred *inferred // if the accesses of calls on a key were inferred
	by       []model.Access[S]
}

// accessOf returns what a call reads and writes: as inferred, or as the model says. A call that
// writes what it reads counts as a read.
func (t *typedObject[S]) accessOf(sp Span) (a model.Access[S], ok bool) {
	switch {
	case t.inferred != nil:
		if i, ok := t.inferred.find(sp); ok {
			return t.by[i], true
		}
		return a, false
	case !t.Register:
		return a, false
	}
	a, ok = t.valued.access(t.h.At(sp.Call).Input, AnsweredTo(t.h, sp), sp.Known)
	if a.Reads && a.Writes && a.Saw == a.Put {
		a.Writes = false // it changes nothing
		a.Reads = sp.Known
	}
	return a, ok
}

func (t *typedObject[S]) Access(sp Span) (model.Access[any], bool) {
	a, ok := t.accessOf(sp)
	return model.Access[any]{Reads: a.Reads, Writes: a.Writes, Saw: a.Saw, Put: a.Put}, ok
}

func (t *typedObject[S]) intended(in any) (model.Access[any], bool) {
	if !t.Register {
		return model.Access[any]{}, false
	}
	a, ok := t.valued.access(in, nil, false)
	return model.Access[any]{Reads: a.Reads, Writes: a.Writes, Saw: a.Saw, Put: a.Put}, ok
}

func (t *typedObject[S]) Puts(sp Span) (writes, ok bool) {
	a, ok := t.accessOf(sp)
	return a.Writes, ok
}

func (t *typedObject[S]) Initial() any { return t.init }

func (t *typedObject[S]) beginning() (v any, ok bool) { return t.nothing, t.maybeNothing }

// accesses numbers the values of calls on one key. It returns false if one of the calls is more than a read, a write or both.
func (t *typedObject[S]) accesses(spans []Span) (ops []Access, values int, ok bool) {
	number := NewNumbers[S](len(spans)/2 + 1)
	number.Of(t.init)
	ops = make([]Access, len(spans))
	for i, sp := range spans {
		a, ok := t.accessOf(sp)
		if !ok {
			return nil, 0, false
		}
		o := Access{Call: sp.Call, Ret: sp.Ret, Saw: model.None, Put: model.None, Known: sp.Known, Optional: sp.Optional}
		if a.Reads {
			o.Saw = number.Of(a.Saw)
		}
		if a.Writes {
			o.Put = number.Of(a.Put)
		}
		ops[i] = o
	}
	if t.maybeNothing {
		if at, mentioned := number.find(t.nothing); mentioned {
			renumberNothing(at, ops)
		}
	}
	return ops, int(number.n), true
}

func (t *typedObject[S]) Mentions(expected int) Mentions {
	m := &mentioned[S]{t: t, number: NewNumbers[S](expected)}
	m.numberOf(t.init)
	return m
}

// A mentioned is [Mentions] with their type.
type mentioned[S comparable] struct {
	t      *typedObject[S]
	number *numbers[S]
	values []S
}

func (m *mentioned[S]) numberOf(v S) int32 {
	n := m.number.Of(v)
	if int(n) == len(m.values) {
		m.values = append(m.values, v)
	}
	return n
}

// Of numbers the values of a call's access.
func (m *mentioned[S]) Of(sp Span) (got mention, ok bool) {
	a, ok := m.t.accessOf(sp)
	if got.Reads = a.Reads; a.Reads {
		got.Saw = m.numberOf(a.Saw)
	}
	if got.Writes = a.Writes; a.Writes {
		got.Put = m.numberOf(a.Put)
	}
	return got, ok
}

func (m *mentioned[S]) Nothing() (n int32, ok bool) {
	if !m.t.maybeNothing {
		return 0, false
	}
	return m.number.find(m.t.nothing)
}

func (m *mentioned[S]) Value(n int32) any { return m.values[n] }

// infer lets the model infer accesses, if it can and one of the calls needs that.
func (t *typedObject[S]) infer(spans []Span) (object, *inferred) {
	if t.valued.infer == nil || !t.anyNeedsInference(t.h, spans) {
		return nil, nil
	}
	r, ok := t.valued.infer(Calls{t.h, spans})
	if !ok {
		return nil, nil
	}
	of := &inferred{spans, r.ShownBy, r.Conflict}
	return &typedObject[S]{Hooks: t.Hooks, valued: t.valued, h: t.h, inferred: of, by: r.By}, of
}

func (k *Hooks) anyNeedsInference(h *history.History, spans []Span) bool {
	for _, sp := range spans {
		if k.NeedsInference(h.At(sp.Call).Input) {
			return true
		}
	}
	return false
}

func (t *typedObject[S]) plain() object {
	return &typedObject[S]{Hooks: t.Hooks, valued: t.valued, h: t.h}
}

// A stepError says at which call a model could not go on.
type stepError struct {
	model, op string
	cause     any
}

func (e *stepError) Error() string {
	return fmt.Sprintf("the %s model panicked at %s: %v", e.model, e.op, e.cause)
}

// recovered turns a panic of the model at a call into an error, so that the test goes on and reports the rest.
func (k *Hooks) recovered(h *history.History, sp Span, err *error) {
	if p := recover(); p != nil {
		*err = &stepError{k.Name, fmt.Sprintf("%v, %s", k.describeCall(h, sp), wording.Place(h.At(sp.Call))), p}
	}
}

// describeCall describes a call: its input and its output. If the model panics, it returns the input alone.
func (k *Hooks) describeCall(h *history.History, sp Span) (text string) {
	in := h.At(sp.Call).Input
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("%v", in)
		}
	}()
	out := AnsweredTo(h, sp)
	if !k.Gives(out) {
		out = k.Zero
	}
	return k.describe(in, out, sp.Known)
}

func (t *typedObject[S]) Step(state any, sp Span) (next any, ok bool, err error) {
	return t.stepFrom(state.(S), sp)
}

// stepFrom calls the model's Step.
func (t *typedObject[S]) stepFrom(state S, sp Span) (next S, ok bool, err error) {
	defer t.recovered(t.h, sp, &err)
	next, ok = t.valued.step(state, t.h.At(sp.Call).Input, AnsweredTo(t.h, sp))
	return next, ok, nil
}

// A visited is [States] with their type. States are equal as Go compares them, after Canonical.
type visited[S comparable] struct {
	t         *typedObject[S]
	all       []S
	ids       map[S]int32
	classes   []Span // a call of each class
	canonical func(S) S
}

func (t *typedObject[S]) States(spans []Span) States {
	v := &visited[S]{t: t, all: []S{t.init}, ids: make(map[S]int32, len(spans)/4)}
	v.ids[t.init] = 0
	if t.canonical != nil {
		v.canonical = t.canonical(Calls{t.h, spans})
	}
	return v
}

func (v *visited[S]) Class(sp Span) { v.classes = append(v.classes, sp) }

// Next calls the model, and numbers the state that it returns.
func (v *visited[S]) Next(state, class int32) (next int32, bytes, text int, err error) {
	sp := v.classes[class]
	to, ok, err := v.t.stepFrom(v.all[state], sp)
	if err != nil || !ok && sp.Known {
		return model.None, 0, 0, err
	}
	if v.canonical != nil {
		to = v.canonical(to)
	}
	if next, ok = v.ids[to]; ok {
		return next, 0, 0, nil
	}
	next = int32(len(v.all))
	v.ids[to] = next
	v.all = append(v.all, to)
	if s, ok := any(to).(string); ok {
		text = len(s)
	}
	return next, 4*int(reflect.TypeFor[S]().Size()) + 16 + text, text, nil
}

// isPlain reports whether all values of a type are hashable.
func isPlain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if !isPlain(t.Field(i).Type) {
				return false
			}
		}
		return true
	case reflect.Array:
		return isPlain(t.Elem())
	}
	return t.Kind() != reflect.Interface && t.Comparable()
}
