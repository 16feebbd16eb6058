package checker

import (
	"fmt"
	"reflect"

	"github.com/capsize-go/capsize/history"
)

// What judges and explains does not have the types of the model: the compiler would make it once more for each
// model in each package that has one, and did so for half a minute. So inputs and outputs are boxed, as
// a history has them anyway, and [hooks] ask the model. Its states and values are an [object].

// Hooks are what a model says of calls, without its types. Those that the model lacks are nil, but for takes, gives,
// types, describe and keyOf.
type hooks struct {
	name     string
	register bool // whether the model says what a call reads and writes
	keyed    bool // whether it has keys

	takes, gives func(v any) bool        // whether a value is an input, or an answer, of the model
	types        func() (in, out string) // as %T names them
	hashed       func() bool             // whether all inputs and outputs are hashable
	zero         any                     // the zero answer
	keyOf        func(in any) string     // the key that a call touches; empty if there are none
	describe     func(in, out any, known bool) string

	pure func(in, out any) bool

	own
}

// Calls are some of a history.
type calls struct {
	h     *history.History
	spans []span
}

// answeredTo returns what a call was answered, or nil if that is not known.
func answeredTo(h *history.History, sp span) any {
	if !sp.known {
		return nil
	}
	return h.At(sp.end).Output
}

// as returns an answer with its type. No answer at all counts as the zero Out: a write has nothing to say.
func as[Out any](v any) Out {
	out, _ := v.(Out)
	return out
}

func factsOf[In, Out any](c calls) facts[In, Out] {
	return facts[In, Out]{len(c.spans), func(i int) fact[In, Out] {
		sp := &c.spans[i]
		f := fact[In, Out]{in: c.h.At(sp.call).Input.(In), known: sp.known, call: sp.call, ret: sp.ret}
		if sp.known {
			f.out, _ = c.h.At(sp.end).Output.(Out)
		}
		return f
	}}
}

// An anyModel is a model without its types.
type anyModel struct {
	*hooks
	over func(h *history.History) object
}

// of returns what tells of the calls of a history.
func (m anyModel) of(h *history.History) source {
	return source{hooks: m.hooks, object: m.over(h), h: h}
}

// erase returns a model without its types. It panics if the model lacks what it needs.
func erase[S comparable, In, Out any](m Model[S, In, Out]) anyModel {
	if m.Name == "" || m.Step == nil {
		panic(fmt.Sprintf("checker: model %q needs Name and Step", m.Name))
	}
	return erased(&m)
}

func erased[S comparable, In, Out any](m *Model[S, In, Out]) anyModel {
	k := &hooks{name: m.Name, register: m.Access != nil, keyed: m.Key != nil, zero: *new(Out), own: m.own}
	k.takes = func(v any) bool { _, ok := v.(In); return ok }
	k.gives = func(v any) bool { _, ok := v.(Out); return ok }
	k.types = func() (in, out string) { return fmt.Sprintf("%T", *new(In)), fmt.Sprintf("%T", *new(Out)) }
	k.hashed = func() bool { return isPlain(reflect.TypeFor[In]()) && isPlain(reflect.TypeFor[Out]()) }
	k.keyOf = func(any) string { return "" }
	if m.Key != nil {
		k.keyOf = func(in any) string { return m.Key(in.(In)) }
	}
	k.describe = describeAny
	if m.Describe != nil {
		k.describe = func(in, out any, known bool) string { return m.Describe(in.(In), as[Out](out), known) }
	}
	if m.Pure != nil {
		k.pure = func(in, out any) bool { return m.Pure(in.(In), as[Out](out)) }
	}
	v := &valued[S]{init: m.Init, refine: m.refine, fold: m.fold}
	v.step = func(s S, in, out any) (S, bool) { return m.Step(s, in.(In), as[Out](out)) }
	if m.Access != nil {
		v.access = func(in, out any, known bool) (Access[S], bool) { return m.Access(in.(In), as[Out](out), known) }
	}
	if m.nothing != nil {
		v.nothing, v.mayBe = m.nothing(m.Init)
	}
	return anyModel{k, func(h *history.History) object { return &typedObject[S]{hooks: k, valued: v, h: h} }}
}

// onInput returns a question about inputs without their type.
func onInput[In any](is func(In) bool) func(any) bool {
	return func(in any) bool { return is(in.(In)) }
}

// alikeBy returns an alike of [own].
func alikeBy[In, Out any](key func(b []byte, in In, out Out) []byte) func([]byte, any, any) []byte {
	return func(b []byte, in, out any) []byte { return key(b, in.(In), as[Out](out)) }
}

// specially returns a special of [own].
func specially[In, Out any](decide func(facts[In, Out]) finding) func(calls) finding {
	return func(c calls) finding { return decide(factsOf[In, Out](c)) }
}

// finerBy returns a finer of [own].
func finerBy[In, Out any](labels func(facts[In, Out]) func(fact[In, Out]) int) func(calls) func(int) int {
	return func(c calls) func(int) int {
		all := factsOf[In, Out](c)
		label := labels(all)
		if label == nil {
			return nil
		}
		return func(i int) int { return label(all.of(i)) }
	}
}

// foundedBy returns a founded of [own].
func foundedBy[In, Out any](explained func(c fact[In, Out], calls []fact[In, Out]) bool) func(calls) func(int) bool {
	return func(c calls) func(int) bool {
		all := factsOf[In, Out](c).all()
		return func(i int) bool { return explained(all[i], all) }
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
	initial() any
	beginning() (v any, ok bool) // what stands for nothing, if that is a right answer at first

	// access says what a call reads and writes, and asks what it was meant to.
	access(sp span) (Access[any], bool)
	asks(in any) (Access[any], bool)
	puts(sp span) (writes, ok bool)                            // whether a call writes, as access says it
	accesses(spans []span) (ops []access, values int, ok bool) // those of calls on one key; value 0 is the initial one
	mentions(expected int) mentions                            // those of calls on all keys

	// refine returns the object that knows what calls tell together, or nil if they tell nothing. Plain is the way back.
	refine(spans []span) (object, *refined)
	plain() object

	step(state any, sp span) (next any, ok bool, err error)
	states(spans []span) states
}

// A mention is an [Access] with numbers for values.
type mention struct {
	reads, writes bool
	saw, put      int32
}

// Mentions number the values of an object, on all keys. 0 is the initial one.
type mentions interface {
	of(sp span) (m mention, ok bool)
	nothing() (n int32, ok bool) // the number of what stands for nothing, if that is a right answer at first
	value(n int32) any
}

// States number the states of an object. 0 is the initial one.
type states interface {
	class(sp span) // notes a call of another class

	// next returns the state after a call of a class, or none if the answer is wrong; how many bytes it holds if it is a
	// new one; and how long it is then, if it is a text.
	next(state, class int32) (next int32, bytes, text int, err error)
}

// A valued is what a model says of states and values, without the types of inputs and outputs.
type valued[S comparable] struct {
	init, nothing S
	mayBe         bool // whether nothing is a right answer at first
	step          func(s S, in, out any) (S, bool)
	access        func(in, out any, known bool) (Access[S], bool)
	refine        func(calls) (refinement[S], bool)
	fold          func(calls) func(S) S
}

// A typedObject is an [object] with its type.
type typedObject[S comparable] struct {
	*hooks
	*valued[S]
	h       *history.History
	refined *refined // if the calls on a key tell more together
	by      []Access[S]
}

func (t *typedObject[S]) accessOf(sp span) (a Access[S], ok bool) {
	switch {
	case t.refined != nil:
		if i, ok := t.refined.find(sp); ok {
			return t.by[i], true
		}
		return a, false
	case !t.register:
		return a, false
	}
	a, ok = t.valued.access(t.h.At(sp.call).Input, answeredTo(t.h, sp), sp.known)
	if a.Reads && a.Writes && a.Saw == a.Put {
		a.Writes = false // it leaves things as they are
		a.Reads = sp.known
	}
	return a, ok
}

func (t *typedObject[S]) access(sp span) (Access[any], bool) {
	a, ok := t.accessOf(sp)
	return Access[any]{a.Reads, a.Writes, a.Saw, a.Put}, ok
}

func (t *typedObject[S]) asks(in any) (Access[any], bool) {
	if !t.register {
		return Access[any]{}, false
	}
	a, ok := t.valued.access(in, nil, false)
	return Access[any]{a.Reads, a.Writes, a.Saw, a.Put}, ok
}

func (t *typedObject[S]) puts(sp span) (writes, ok bool) {
	a, ok := t.accessOf(sp)
	return a.Writes, ok
}

func (t *typedObject[S]) initial() any { return t.init }

func (t *typedObject[S]) beginning() (v any, ok bool) { return t.nothing, t.mayBe }

func (t *typedObject[S]) accesses(spans []span) (ops []access, values int, ok bool) {
	number := newNumbers[S](len(spans)/2 + 1)
	number.of(t.init)
	ops = make([]access, len(spans))
	for i, sp := range spans {
		a, ok := t.accessOf(sp)
		if !ok {
			return nil, 0, false
		}
		o := access{call: sp.call, ret: sp.ret, saw: none, put: none, known: sp.known, optional: sp.optional}
		if a.Reads {
			o.saw = number.of(a.Saw)
		}
		if a.Writes {
			o.put = number.of(a.Put)
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

func (t *typedObject[S]) mentions(expected int) mentions {
	m := &mentioned[S]{t: t, number: newNumbers[S](expected)}
	m.numberOf(t.init)
	return m
}

// A mentioned is [mentions] with their type.
type mentioned[S comparable] struct {
	t      *typedObject[S]
	number *numbers[S]
	values []S
}

func (m *mentioned[S]) numberOf(v S) int32 {
	n := m.number.of(v)
	if int(n) == len(m.values) {
		m.values = append(m.values, v)
	}
	return n
}

func (m *mentioned[S]) of(sp span) (got mention, ok bool) {
	a, ok := m.t.accessOf(sp)
	if got.reads = a.Reads; a.Reads {
		got.saw = m.numberOf(a.Saw)
	}
	if got.writes = a.Writes; a.Writes {
		got.put = m.numberOf(a.Put)
	}
	return got, ok
}

func (m *mentioned[S]) nothing() (n int32, ok bool) {
	if !m.t.mayBe {
		return 0, false
	}
	return m.number.find(m.t.nothing)
}

func (m *mentioned[S]) value(n int32) any { return m.values[n] }

func (t *typedObject[S]) refine(spans []span) (object, *refined) {
	if t.valued.refine == nil || !t.anyRough(t.h, spans) {
		return nil, nil
	}
	r, ok := t.valued.refine(calls{t.h, spans})
	if !ok {
		return nil, nil
	}
	of := &refined{spans, r.shown, r.clash}
	return &typedObject[S]{hooks: t.hooks, valued: t.valued, h: t.h, refined: of, by: r.by}, of
}

func (k *hooks) anyRough(h *history.History, spans []span) bool {
	for _, sp := range spans {
		if k.rough(h.At(sp.call).Input) {
			return true
		}
	}
	return false
}

func (t *typedObject[S]) plain() object {
	return &typedObject[S]{hooks: t.hooks, valued: t.valued, h: t.h}
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
func (k *hooks) recovered(h *history.History, sp span, err *error) {
	if p := recover(); p != nil {
		*err = &stepError{k.name, fmt.Sprintf("%v, %s", k.describeCall(h, sp), place(h.At(sp.call))), p}
	}
}

// describeCall says what a call asked and was answered. A model that panics at that loses its words only.
func (k *hooks) describeCall(h *history.History, sp span) (text string) {
	in := h.At(sp.call).Input
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("%v", in)
		}
	}()
	out := answeredTo(h, sp)
	if !k.gives(out) {
		out = k.zero
	}
	return k.describe(in, out, sp.known)
}

func (t *typedObject[S]) step(state any, sp span) (next any, ok bool, err error) {
	return t.stepFrom(state.(S), sp)
}

// stepFrom asks the model.
func (t *typedObject[S]) stepFrom(state S, sp span) (next S, ok bool, err error) {
	defer t.recovered(t.h, sp, &err)
	next, ok = t.valued.step(state, t.h.At(sp.call).Input, answeredTo(t.h, sp))
	return next, ok, nil
}

// A visited is [states] with their type. They are equal if Go says so.
type visited[S comparable] struct {
	t     *typedObject[S]
	all   []S
	ids   map[S]int32
	kinds []span // a call of each class
	fold  func(S) S
}

func (t *typedObject[S]) states(spans []span) states {
	v := &visited[S]{t: t, all: []S{t.init}, ids: make(map[S]int32, len(spans)/4)}
	v.ids[t.init] = 0
	if t.fold != nil {
		v.fold = t.fold(calls{t.h, spans})
	}
	return v
}

func (v *visited[S]) class(sp span) { v.kinds = append(v.kinds, sp) }

func (v *visited[S]) next(state, class int32) (next int32, bytes, text int, err error) {
	sp := v.kinds[class]
	to, ok, err := v.t.stepFrom(v.all[state], sp)
	if err != nil || !ok && sp.known {
		return none, 0, 0, err
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
