package view

import (
	"fmt"
	"reflect"

	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// What judges and explains does not have the types of the model: the compiler would make it once more for each
// model in each package that has one, and did so for half a minute. So inputs and outputs are boxed, as
// a history has them anyway, and [Hooks] ask the model. Its states and values are an [object].

// Hooks are what a model says of calls, without its types. Those that the model lacks are nil, but for takes, gives,
// types, describe and keyOf.
type Hooks struct {
	Name     string
	Register bool // whether the model says what a call reads and writes
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

// Calls are some of a history.
type Calls struct {
	H     *history.History
	Spans []Span
}

// AnsweredTo returns what a call was answered, or nil if that is not known.
func AnsweredTo(h *history.History, sp Span) any {
	if !sp.Known {
		return nil
	}
	return h.At(sp.End).Output
}

// as returns an answer with its type. No answer at all counts as the zero Out: a write has nothing to say.
func as[Out any](v any) Out {
	out, _ := v.(Out)
	return out
}

func factsOf[In, Out any](c Calls) model.Calls[In, Out] {
	return model.Calls[In, Out]{N: len(c.Spans), At: func(i int) model.Call[In, Out] {
		sp := &c.Spans[i]
		f := model.Call[In, Out]{In: c.H.At(sp.Call).Input.(In), Known: sp.Known, Invoked: sp.Call, Returned: sp.Ret}
		if sp.Known {
			f.Out, _ = c.H.At(sp.End).Output.(Out)
		}
		return f
	}}
}

// An Model is a model without its types.
type Model struct {
	*Hooks
	over func(h *history.History) object
}

// Of returns what tells of the calls of a history.
func (m Model) Of(h *history.History) View {
	return View{Hooks: m.Hooks, object: m.over(h), H: h}
}

// Erase returns a model without its types. It panics if the model lacks what it needs.
func Erase[S comparable, In, Out any](m model.Model[S, In, Out]) Model {
	if m.Name == "" || m.Step == nil {
		panic(fmt.Sprintf("checker: model %q needs Name and Step", m.Name))
	}
	return Erased(&m)
}

// Erased returns a model without its types, of a model that has what it needs.
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
		v.nothing, v.mayBe = m.Nothing(m.Init)
	}
	if m.Infer != nil {
		v.refine = func(c Calls) (model.Inference[S], bool) { return m.Infer(factsOf[In, Out](c)) }
	}
	if m.Canonical != nil {
		v.fold = func(c Calls) func(S) S { return m.Canonical(factsOf[In, Out](c).All()) }
	}
	return Model{k, func(h *history.History) object { return &typedObject[S]{Hooks: k, valued: v, h: h} }}
}

// eraseMore erases what only models of this package say.
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
		k.Decide = func(c Calls) model.Decision { return m.Decide(factsOf[In, Out](c)) }
	}
	if m.Subkey != nil {
		k.Subkey = func(c Calls) func(int) int {
			calls := factsOf[In, Out](c)
			label := m.Subkey(calls)
			if label == nil {
				return nil
			}
			return func(i int) int { return label(calls.At(i)) }
		}
	}
	if m.Justified != nil {
		k.Justified = func(c Calls) func(int) bool {
			all := factsOf[In, Out](c).All()
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

// An object is the states and the values of a model, as the calls of one history mention them. What must be fast gets
// numbers for them; the rest gets them boxed.
type object interface {
	Initial() any
	beginning() (v any, ok bool) // what stands for nothing, if that is a right answer at first

	// Access says what a call reads and writes, and asks what it was meant to.
	Access(sp Span) (model.Access[any], bool)
	asks(in any) (model.Access[any], bool)
	Puts(sp Span) (writes, ok bool)                            // whether a call writes, as access says it
	accesses(spans []Span) (ops []Access, values int, ok bool) // those of calls on one key; value 0 is the initial one
	Mentions(expected int) Mentions                            // those of calls on all keys

	// refine returns the object that knows what calls tell together, or nil if they tell nothing. Plain is the way back.
	refine(spans []Span) (object, *refined)
	plain() object

	Step(state any, sp Span) (next any, ok bool, err error)
	States(spans []Span) States
}

// A mention is an [model.Access] with numbers for values.
type mention struct {
	Reads, Writes bool
	Saw, Put      int32
}

// Mentions number the values of an object, on all keys. 0 is the initial one.
type Mentions interface {
	Of(sp Span) (m mention, ok bool)
	Nothing() (n int32, ok bool) // the number of what stands for nothing, if that is a right answer at first
	Value(n int32) any
}

// States number the states of an object. 0 is the initial one.
type States interface {
	Class(sp Span) // notes a call of another class

	// Next returns the state after a call of a class, or none if the answer is wrong; how many bytes it holds if it is a
	// new one; and how long it is then, if it is a text.
	Next(state, class int32) (next int32, bytes, text int, err error)
}

// A valued is what a model says of states and values, without the types of inputs and outputs.
type valued[S comparable] struct {
	init, nothing S
	mayBe         bool // whether nothing is a right answer at first
	step          func(s S, in, out any) (S, bool)
	access        func(in, out any, known bool) (model.Access[S], bool)
	refine        func(Calls) (model.Inference[S], bool)
	fold          func(Calls) func(S) S
}

// A typedObject is an [object] with its type.
type typedObject[S comparable] struct {
	*Hooks
	*valued[S]
	h       *history.History
	refined *refined // if the calls on a key tell more together
	by      []model.Access[S]
}

func (t *typedObject[S]) accessOf(sp Span) (a model.Access[S], ok bool) {
	switch {
	case t.refined != nil:
		if i, ok := t.refined.find(sp); ok {
			return t.by[i], true
		}
		return a, false
	case !t.Register:
		return a, false
	}
	a, ok = t.valued.access(t.h.At(sp.Call).Input, AnsweredTo(t.h, sp), sp.Known)
	if a.Reads && a.Writes && a.Saw == a.Put {
		a.Writes = false // it leaves things as they are
		a.Reads = sp.Known
	}
	return a, ok
}

func (t *typedObject[S]) Access(sp Span) (model.Access[any], bool) {
	a, ok := t.accessOf(sp)
	return model.Access[any]{Reads: a.Reads, Writes: a.Writes, Saw: a.Saw, Put: a.Put}, ok
}

func (t *typedObject[S]) asks(in any) (model.Access[any], bool) {
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

func (t *typedObject[S]) beginning() (v any, ok bool) { return t.nothing, t.mayBe }

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
	if t.mayBe {
		if at, mentioned := number.find(t.nothing); mentioned {
			beginWith(at, ops)
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
	if !m.t.mayBe {
		return 0, false
	}
	return m.number.find(m.t.nothing)
}

func (m *mentioned[S]) Value(n int32) any { return m.values[n] }

func (t *typedObject[S]) refine(spans []Span) (object, *refined) {
	if t.valued.refine == nil || !t.anyRough(t.h, spans) {
		return nil, nil
	}
	r, ok := t.valued.refine(Calls{t.h, spans})
	if !ok {
		return nil, nil
	}
	of := &refined{spans, r.ShownBy, r.Conflict}
	return &typedObject[S]{Hooks: t.Hooks, valued: t.valued, h: t.h, refined: of, by: r.By}, of
}

func (k *Hooks) anyRough(h *history.History, spans []Span) bool {
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

// recovered makes a panic of the model at a call an error: it must not end the whole test, which has more to report
// than that.
func (k *Hooks) recovered(h *history.History, sp Span, err *error) {
	if p := recover(); p != nil {
		*err = &stepError{k.Name, fmt.Sprintf("%v, %s", k.describeCall(h, sp), wording.Place(h.At(sp.Call))), p}
	}
}

// describeCall says what a call asked and was answered. A model that panics at that loses its words only.
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

// stepFrom asks the model.
func (t *typedObject[S]) stepFrom(state S, sp Span) (next S, ok bool, err error) {
	defer t.recovered(t.h, sp, &err)
	next, ok = t.valued.step(state, t.h.At(sp.Call).Input, AnsweredTo(t.h, sp))
	return next, ok, nil
}

// A visited is [States] with their type. They are equal if Go says so.
type visited[S comparable] struct {
	t     *typedObject[S]
	all   []S
	ids   map[S]int32
	kinds []Span // a call of each class
	fold  func(S) S
}

func (t *typedObject[S]) States(spans []Span) States {
	v := &visited[S]{t: t, all: []S{t.init}, ids: make(map[S]int32, len(spans)/4)}
	v.ids[t.init] = 0
	if t.fold != nil {
		v.fold = t.fold(Calls{t.h, spans})
	}
	return v
}

func (v *visited[S]) Class(sp Span) { v.kinds = append(v.kinds, sp) }

func (v *visited[S]) Next(state, class int32) (next int32, bytes, text int, err error) {
	sp := v.kinds[class]
	to, ok, err := v.t.stepFrom(v.all[state], sp)
	if err != nil || !ok && sp.Known {
		return model.None, 0, 0, err
	}
	if v.fold != nil {
		to = v.fold(to)
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
