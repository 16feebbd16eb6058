package checker

import (
	"fmt"
	"reflect"

	"github.com/capsize-go/capsize/history"
)

// An object is what a model says of the calls of one history, without the types of the model. What judges and
// explains needs no more, so the compiler makes it once, and not once more for each model in
// each package that has one. States and values are boxed; what must be fast asks of many calls at once, and
// gets numbers.
type object interface {
	takes(input any) bool    // whether it is an input of the model
	gives(output any) bool   // whether it is an answer of the model
	types() (in, out string) // as %T names them
	keyOf(input any) string  // the key that a call touches; empty if the model has none

	describe(sp span) string          // what a call asked and was answered
	describeInput(input any) string   // what it asked
	boxed(sp span) (in, out any)      // what a call asked, and was answered or the zero answer
	hashed() bool                     // whether all inputs and outputs are hashable
	alike(b []byte, sp span) []byte   // appends what makes calls interchangeable, if the traits say so
	pure(sp span) bool                // whether a call changes nothing, as far as the model says
	moot(sp span) bool                // whether a call may as well not have happened, if its outcome is unknown
	finer(spans []span) func(int) int // tells calls on a key apart by a label, or is nil
	special(spans []span) finding     // decides calls by an algorithm of the object, if it has one
	founded(spans []span) func(int) bool

	// access says what a call reads and writes, and asks what it was meant to.
	access(sp span) (Access[any], bool)
	asks(input any) (Access[any], bool)
	accesses(spans []span) (ops []access, values int, ok bool)
	mentions(expected int) mentions
	initial() any
	nothing() (v any, ok bool) // what stands for nothing, if that is a right answer at first

	// refine returns the object that knows what calls tell together, or nil if they tell nothing. Plain is the way back.
	refine(spans []span) (object, *refined)
	plain() object

	step(state any, sp span) (next any, ok bool, err error)
	states(spans []span) states
}

// Traits are which questions a model answers.
type traits struct {
	name     string
	keyed    bool // it has keys
	register bool // it says what a call reads and writes
	classed  bool // it says which calls are alike
}

// A mention is an [Access] with numbers for values.
type mention struct {
	reads, writes bool
	saw, put      int32
}

// Mentions number the values of an object, on all keys, as calls mention them. 0 is the initial one.
type mentions interface {
	of(sp span) (m mention, ok bool)
	nothing() (n int32, ok bool) // the number of what stands for nothing, if that may be read at first
	value(n int32) any
}

// States number the states of an object. 0 is the initial one.
type states interface {
	class(sp span) // notes a call of another class

	// next returns the state after a call of a class, or none if the answer is wrong; how many bytes it holds if it is a
	// new one; and how long it is, if it is a text.
	next(state, class int32) (next int32, bytes, text int, err error)
}

// A judge is a model without its types.
type anyModel struct {
	name string
	of   func(h *history.History) source
}

// erased returns the model without its types. It panics if the model lacks what it needs.
func (m Model[S, In, Out]) erased() anyModel {
	m.check()
	return anyModel{m.Name, func(h *history.History) source { return m.source(h) }}
}

// source returns what tells of the calls of a history by the model.
func (m Model[S, In, Out]) source(h *history.History) source {
	return source{
		object: &typedObject[S, In, Out]{m: &m, h: h}, h: h,
		traits: traits{m.Name, m.Key != nil, m.Access != nil, m.alike != nil},
	}
}

// A typedObject is a model as an [object].
type typedObject[S comparable, In, Out any] struct {
	m       *Model[S, In, Out]
	h       *history.History
	refined *refined // if the calls on a key tell more together
	by      []Access[S]
}

func (t *typedObject[S, In, Out]) in(sp span) In { return t.h.At(sp.call).Input.(In) }

// out returns what was answered, or the zero Out if that is not known. No answer
// at all counts as the zero Out as well: a write has nothing to say.
func (t *typedObject[S, In, Out]) out(sp span) Out {
	var out Out
	if sp.known {
		out, _ = t.h.At(sp.end).Output.(Out)
	}
	return out
}

func (t *typedObject[S, In, Out]) takes(input any) bool {
	_, ok := input.(In)
	return ok
}

func (t *typedObject[S, In, Out]) gives(output any) bool {
	_, ok := output.(Out)
	return ok
}

func (t *typedObject[S, In, Out]) types() (in, out string) {
	return fmt.Sprintf("%T", *new(In)), fmt.Sprintf("%T", *new(Out))
}

func (t *typedObject[S, In, Out]) keyOf(input any) string {
	if t.m.Key == nil {
		return ""
	}
	return t.m.Key(input.(In))
}

// describe says what a call asked and was answered. A model that panics at that loses its words only.
func (t *typedObject[S, In, Out]) describe(sp span) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("%v", t.in(sp))
		}
	}()
	return t.m.describe(t.in(sp), t.out(sp), sp.known)
}

func (t *typedObject[S, In, Out]) describeInput(input any) string {
	return t.m.describe(input.(In), *new(Out), false)
}

func (t *typedObject[S, In, Out]) boxed(sp span) (in, out any) {
	if sp.known {
		out = t.h.At(sp.end).Output
	}
	if !t.gives(out) {
		out = *new(Out)
	}
	return t.h.At(sp.call).Input, out
}

func (t *typedObject[S, In, Out]) hashed() bool {
	return isPlain(reflect.TypeFor[In]()) && isPlain(reflect.TypeFor[Out]())
}

func (t *typedObject[S, In, Out]) alike(b []byte, sp span) []byte { return t.m.alike(b, t.in(sp), t.out(sp)) }

func (t *typedObject[S, In, Out]) typedAccess(sp span) (Access[S], bool) {
	if t.refined != nil {
		if i, ok := t.refined.find(sp); ok {
			return t.by[i], true
		}
		return Access[S]{}, false
	}
	if t.m.Access == nil {
		return Access[S]{}, false
	}
	a, ok := t.m.Access(t.in(sp), t.out(sp), sp.known)
	if a.Reads && a.Writes && a.Saw == a.Put {
		a.Writes = false // it leaves things as they are
		a.Reads = sp.known
	}
	return a, ok
}

func (t *typedObject[S, In, Out]) access(sp span) (Access[any], bool) {
	a, ok := t.typedAccess(sp)
	return Access[any]{a.Reads, a.Writes, a.Saw, a.Put}, ok
}

func (t *typedObject[S, In, Out]) asks(input any) (Access[any], bool) {
	if t.m.Access == nil {
		return Access[any]{}, false
	}
	a, ok := t.m.Access(input.(In), *new(Out), false)
	return Access[any]{a.Reads, a.Writes, a.Saw, a.Put}, ok
}

func (t *typedObject[S, In, Out]) pure(sp span) bool {
	if t.m.Pure != nil {
		return t.m.Pure(t.in(sp), t.out(sp)) && sp.known
	}
	if t.m.Access != nil {
		a, ok := t.typedAccess(sp)
		return ok && !a.Writes
	}
	return false
}

func (t *typedObject[S, In, Out]) moot(sp span) bool { return t.m.moot != nil && t.m.moot(t.in(sp)) }

func (t *typedObject[S, In, Out]) initial() any { return t.m.Init }

func (t *typedObject[S, In, Out]) nothing() (v any, ok bool) {
	if t.m.nothing == nil {
		return nil, false
	}
	return t.m.nothing(t.m.Init)
}

// accesses numbers the values of calls on one key.
func (t *typedObject[S, In, Out]) accesses(spans []span) (ops []access, values int, ok bool) {
	number := newNumbers[S](len(spans)/2 + 1)
	number.of(t.m.Init)
	ops = make([]access, len(spans))
	for i, sp := range spans {
		a, ok := t.typedAccess(sp)
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
	if t.m.nothing != nil {
		if v, ok := t.m.nothing(t.m.Init); ok {
			if at, mentioned := number.find(v); mentioned {
				beginWith(at, ops)
			}
		}
	}
	return ops, int(number.n), true
}

func (t *typedObject[S, In, Out]) mentions(expected int) mentions {
	m := &mentioned[S, In, Out]{t: t, number: newNumbers[S](expected)}
	m.numberOf(t.m.Init)
	return m
}

// A mentioned is the values of a model as [mentions].
type mentioned[S comparable, In, Out any] struct {
	t      *typedObject[S, In, Out]
	number *numbers[S]
	values []S
}

func (m *mentioned[S, In, Out]) numberOf(v S) int32 {
	n := m.number.of(v)
	if int(n) == len(m.values) {
		m.values = append(m.values, v)
	}
	return n
}

func (m *mentioned[S, In, Out]) of(sp span) (got mention, ok bool) {
	a, ok := m.t.typedAccess(sp)
	if got.reads = a.Reads; a.Reads {
		got.saw = m.numberOf(a.Saw)
	}
	if got.writes = a.Writes; a.Writes {
		got.put = m.numberOf(a.Put)
	}
	return got, ok
}

func (m *mentioned[S, In, Out]) nothing() (n int32, ok bool) {
	if m.t.m.nothing == nil {
		return 0, false
	}
	v, ok := m.t.m.nothing(m.t.m.Init)
	if !ok {
		return 0, false
	}
	return m.number.find(v)
}

func (m *mentioned[S, In, Out]) value(n int32) any { return m.values[n] }

func (t *typedObject[S, In, Out]) fact(sp span) fact[In, Out] {
	return fact[In, Out]{t.in(sp), t.out(sp), sp.known, sp.call, sp.ret}
}

func (t *typedObject[S, In, Out]) facts(spans []span) facts[In, Out] {
	return facts[In, Out]{len(spans), func(i int) fact[In, Out] { return t.fact(spans[i]) }}
}

func (t *typedObject[S, In, Out]) special(spans []span) finding {
	if t.m.special == nil {
		return undecided
	}
	return t.m.special(t.facts(spans))
}

func (t *typedObject[S, In, Out]) finer(spans []span) func(int) int {
	if t.m.finer == nil {
		return nil
	}
	calls := t.facts(spans)
	label := t.m.finer(calls)
	if label == nil {
		return nil
	}
	return func(i int) int { return label(calls.of(i)) }
}

// founded returns a function that reports whether some of the calls may explain the answer to one of
// them, or nil if a search tells.
func (t *typedObject[S, In, Out]) founded(spans []span) func(int) bool {
	if t.m.founded == nil {
		return nil
	}
	facts := t.facts(spans).all()
	return func(i int) bool { return t.m.founded(facts[i], facts) }
}

func (t *typedObject[S, In, Out]) refine(spans []span) (object, *refined) {
	if t.m.refine == nil || !t.anyRough(spans) {
		return nil, nil
	}
	r, ok := t.m.refine(t.facts(spans))
	if !ok {
		return nil, nil
	}
	of := &refined{spans, r.shown, r.clash}
	return &typedObject[S, In, Out]{m: t.m, h: t.h, refined: of, by: r.by}, of
}

func (t *typedObject[S, In, Out]) anyRough(spans []span) bool {
	for _, sp := range spans {
		if t.m.rough(t.in(sp)) {
			return true
		}
	}
	return false
}

func (t *typedObject[S, In, Out]) plain() object { return &typedObject[S, In, Out]{m: t.m, h: t.h} }

// A stepError says at which call a model could not go on.
type stepError struct {
	model, op string
	cause     any
}

func (e *stepError) Error() string {
	return fmt.Sprintf("the %s model panicked at %s: %v", e.model, e.op, e.cause)
}

func (t *typedObject[S, In, Out]) step(state any, sp span) (next any, ok bool, err error) {
	return t.stepAsked(state.(S), asked[In, Out]{sp, t.in(sp), t.out(sp)})
}

// stepAsked asks the model. A model that panics must not end the whole test, which
// has more to report than that.
func (t *typedObject[S, In, Out]) stepAsked(state S, c asked[In, Out]) (next S, ok bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &stepError{t.m.Name, fmt.Sprintf("%v, %s", t.describe(c.span), place(t.h.At(c.call))), p}
		}
	}()
	next, ok = t.m.Step(state, c.in, c.out)
	return next, ok, nil
}

// An asked call is one with its types.
type asked[In, Out any] struct {
	span
	in  In
	out Out
}

// A visited is the states of a model as [states]. They are equal if Go says so.
type visited[S comparable, In, Out any] struct {
	t     *typedObject[S, In, Out]
	all   []S
	ids   map[S]int32
	kinds []asked[In, Out] // a call of each class
	fold  func(S) S
}

func (t *typedObject[S, In, Out]) states(spans []span) states {
	v := &visited[S, In, Out]{t: t, all: []S{t.m.Init}, ids: make(map[S]int32, len(spans)/4)}
	v.ids[t.m.Init] = 0
	if t.m.fold != nil {
		v.fold = t.m.fold(t.facts(spans).all())
	}
	return v
}

func (v *visited[S, In, Out]) class(sp span) {
	v.kinds = append(v.kinds, asked[In, Out]{sp, v.t.in(sp), v.t.out(sp)})
}

func (v *visited[S, In, Out]) next(state, class int32) (next int32, bytes, text int, err error) {
	sp := v.kinds[class]
	to, ok, err := v.t.stepAsked(v.all[state], sp)
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
