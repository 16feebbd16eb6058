package models

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/model"
)

// initial is what registers hold before the first op. The zero value is 0 or nothing,
// whichever the first reads saw.
type initial struct {
	unknown bool
	given   bool
	number  int
	text    string
}

// parseInitial returns what a flag says that registers hold at first.
func parseInitial(text string, isText bool) (initial, error) {
	switch {
	case text == "":
		return initial{}, nil
	case text == UnknownInitial:
		return initial{unknown: true}, nil
	case text == "nil":
		return initial{given: true, number: model.Nil}, nil
	case isText:
		return initial{given: true, text: text}, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return initial{}, fmt.Errorf("--initial is an integer, nil or %s, not %q", UnknownInitial, text)
	}
	return initial{given: true, number: n}, nil
}

// A cell is a value of one key: seen or put by a call.
type cell struct {
	key   string
	value any
}

// cells says what calls on registers see and put. It is without the types of values, inputs and outputs, so that the
// compiler makes what follows once.
type cells struct {
	takes, gives func(v any) bool // whether a value is an input, or an output, of such calls

	keys  func(in any) []string
	sees  func(in, out any) []cell   // by a call that was OK
	puts  func(in any) []cell        // by a call that may have taken effect
	write func(c cell) (in, out any) // the call that puts a value
	usual []any                      // what is held at first if nothing else is known, the likeliest first
	given func(i initial) any
	loose any // what is held at first where any of the usual values may be seen

	// unknown is the checker for first values that are not known, where calls that are rough
	// do not show them one by one. It is nil if they always do.
	unknown checker.Checker
	rough   func(h *history.History) bool
}

// is reports whether a value is of a type.
func is[T any](v any) bool {
	_, ok := v.(T)
	return ok
}

// numbers are the cells of registers of integers. If found, a cas answers what it found.
func numbers(found bool) cells {
	usual := []any{0, model.Nil}
	if !found { // as in Knossos
		usual = []any{model.Nil, 0}
	}
	return cells{
		takes: is[model.RegisterOp], gives: is[int],
		keys: func(in any) []string { return []string{in.(model.RegisterOp).Key} },
		sees: func(in, out any) []cell {
			switch in := in.(model.RegisterOp); {
			case in.F == "read", in.F == "cas" && found:
				return []cell{{in.Key, out}}
			case in.F == "cas":
				return []cell{{in.Key, in.Old}}
			}
			return nil
		},
		puts: func(in any) []cell {
			if in := in.(model.RegisterOp); in.F != "read" {
				return []cell{{in.Key, in.Value}}
			}
			return nil
		},
		write: func(c cell) (in, out any) {
			return model.RegisterOp{F: "write", Key: c.key, Value: c.value.(int)}, 0
		},
		usual: usual,
		given: func(i initial) any { return i.number },
		loose: 0,
	}
}

// many are the cells of registers of integers that are read and written at once.
func many() cells {
	one := numbers(true)
	return cells{
		takes: is[[]model.RegisterOp], gives: is[[]int],
		keys: func(in any) (keys []string) {
			for _, o := range in.([]model.RegisterOp) {
				keys = append(keys, o.Key)
			}
			return keys
		},
		sees: func(in, out any) (all []cell) {
			steps, saw := in.([]model.RegisterOp), out.([]int)
			for i, o := range steps {
				written := slices.ContainsFunc(steps[:i], func(w model.RegisterOp) bool { return w.F == "write" && w.Key == o.Key })
				if i < len(saw) && !written {
					all = append(all, one.sees(o, saw[i])...)
				}
			}
			return all
		},
		puts: func(in any) (all []cell) {
			for _, o := range in.([]model.RegisterOp) {
				all = append(all, one.puts(o)...)
			}
			return all
		},
		write: func(c cell) (in, out any) {
			return []model.RegisterOp{{F: "write", Key: c.key, Value: c.value.(int)}}, []int{0}
		},
		usual:   one.usual,
		given:   one.given,
		loose:   0,
		unknown: linearizable.New(unknownMany()),
		rough:   func(*history.History) bool { return true },
	}
}

// strung are the cells of a store of strings.
func strung() cells {
	return cells{
		takes: is[model.KVOp], gives: is[string],
		keys: func(in any) []string { return []string{in.(model.KVOp).Key} },
		sees: func(in, out any) []cell {
			switch in := in.(model.KVOp); in.F {
			case "get":
				return []cell{{in.Key, out}}
			case "cas":
				return []cell{{in.Key, in.Old}}
			}
			return nil
		},
		puts: func(in any) []cell {
			if in := in.(model.KVOp); in.F != "get" {
				return []cell{{in.Key, in.Value}}
			}
			return nil
		},
		write: func(c cell) (in, out any) {
			return model.KVOp{F: "put", Key: c.key, Value: c.value.(string)}, ""
		},
		usual:   []any{""},
		given:   func(i initial) any { return i.text },
		loose:   "",
		unknown: linearizable.New(unknownStrings()),
		rough:   appends,
	}
}

// registers adds to the model of an object that its registers may hold other values at
// first than its own.
func registers[S comparable, In, Out any](m Model, object model.Model[S, In, Out], c cells, init initial) Model {
	m.begin = func(ctx context.Context, h *history.History, consistency string) (checker.Checker, *history.History, string, error) {
		if init.unknown && consistency != Linearizable {
			return nil, nil, "", fmt.Errorf("--initial %s is for linearizability; for %s, say what the registers held: --initial VALUE", UnknownInitial, consistency)
		}
		if init.unknown && c.unknown != nil && c.rough(h) {
			return c.unknown, h, "", nil
		}
		b, object := beginning{cells: c, init: init, h: h, base: c.usual[0]}, object
		if base, ok := c.loose.(S); init.unknown && ok {
			b.base, object.Init = c.loose, base
		}
		b.judge = func(h *history.History) checker.Verdict { return linearizable.New(object).Check(ctx, h).Verdict }
		values := b.values()
		with := object
		one, same := common(values)
		if state, fits := one.(S); same && fits {
			with.Init = state // of all keys alike: nothing need be written
			values = nil
		} else if consistency != Linearizable && len(values) > 0 {
			return nil, nil, "", errors.New("the keys hold different values at first; such histories are held to linearizability only")
		}
		if h = b.written(values); len(values) > 0 {
			with.Init = object.Init
		}
		held, ok := held(with, consistency)
		if !ok {
			return nil, nil, "", fmt.Errorf("%s has no consistency %q", m.Name, consistency)
		}
		return held, h, b.note, nil
	}
	return m
}

// common returns the value that all keys have, if it is one.
func common(values []cell) (one any, same bool) {
	if len(values) == 0 {
		return one, false
	}
	one = values[0].value
	return one, !slices.ContainsFunc(values, func(c cell) bool { return c.value != one })
}

// beginning finds out what registers held before the first op of a history.
type beginning struct {
	cells
	init  initial
	h     *history.History
	base  any // what a key holds at first of which nothing is written
	judge func(h *history.History) checker.Verdict
	note  string
}

// A keyState is what a history shows of one key.
type keyState struct {
	seen    []any        // by calls that may have come before all others, in the order of their ends
	foreign []any        // seen values that no call puts
	puts    map[any]bool // what calls may have put
	over    int          // index of the first completion of a call that put something
	sights  []sighting   // all values seen
}

type sighting struct {
	value       any
	invoke, end int
}

// values returns what each key holds at first, in the order of the keys' first calls.
func (b *beginning) values() (all []cell) {
	order, keys := b.keyStates()
	usual := b.usual[0]
	for _, key := range slices.Backward(order) {
		if v, ok := b.byReads(keys[key]); ok {
			usual = v
		}
	}
	for _, key := range order {
		v, shown := b.byReads(keys[key])
		switch {
		case b.init.given:
			v = b.given(b.init)
		case b.init.unknown:
			v = b.unknown(key, keys[key])
		case !shown: // as the first key of which reads show it
			v = usual
		}
		all = append(all, cell{key, v})
	}
	return all
}

// byReads returns the usual value that reads saw before anything had been put, if any
// did.
func (b *beginning) byReads(k *keyState) (v any, ok bool) {
	for _, v := range k.seen {
		if slices.Contains(b.usual, v) && !k.puts[v] {
			return v, true
		}
	}
	return v, false
}

// unknown returns a value that a key may hold at first, such that its calls are
// linearizable if there is one: what was seen and never put must have been there; and
// else a call that saw what was there began before any call that put something had
// ended, so that only what these saw matters.
func (b *beginning) unknown(key string, k *keyState) any {
	if len(k.foreign) > 0 && !slices.Contains(b.usual, k.foreign[0]) {
		return k.foreign[0]
	}
	first := b.base
	candidates := []any{first}
	for _, v := range k.seen {
		if !slices.Contains(candidates, v) && !slices.Contains(b.usual, v) {
			candidates = append(candidates, v)
		}
	}
	if len(candidates) == 1 {
		return first
	}
	calls := b.callsOf(key)
	for _, v := range candidates {
		begun := calls
		if v != b.base {
			in, out := b.write(cell{key, v})
			begun = prepended(calls, key, in, out)
		}
		if b.judge(begun) == checker.Valid {
			return v
		}
	}
	return first
}

// keyStates collects what the history shows of each key.
func (b *beginning) keyStates() (order []string, keys map[string]*keyState) {
	keys = map[string]*keyState{}
	state := func(key string) *keyState {
		k := keys[key]
		if k == nil {
			k = &keyState{puts: map[any]bool{}, over: int(^uint(0) >> 1)}
			keys[key] = k
			order = append(order, key)
		}
		return k
	}
	for c := range b.h.Calls() {
		in := c.Invoke.Input
		if !b.takes(in) {
			continue
		}
		for _, key := range b.keys(in) {
			state(key)
		}
		if c.Complete.Type != history.Fail {
			for _, p := range b.puts(in) {
				k := state(p.key)
				k.puts[p.value] = true
				k.over = min(k.over, c.Returned())
			}
		}
		if out := c.Complete.Output; b.gives(out) && c.Complete.Type == history.OK {
			for _, s := range b.sees(in, out) {
				k := state(s.key)
				k.sights = append(k.sights, sighting{s.value, c.Invoke.Index, c.Complete.Index})
			}
		}
	}
	for _, k := range keys { // order: each key by itself
		k.finish()
	}
	return order, keys
}

// finish sorts what was seen by the ends of the calls that saw it.
func (k *keyState) finish() {
	sorting.Func(k.sights, func(a, b sighting) int { return a.end - b.end })
	for _, s := range k.sights {
		if s.invoke < k.over && !slices.Contains(k.seen, s.value) {
			k.seen = append(k.seen, s.value)
		}
		if !k.puts[s.value] && !slices.Contains(k.foreign, s.value) {
			k.foreign = append(k.foreign, s.value)
		}
	}
	k.sights = nil
}

// callsOf returns the ops of the calls on a key alone.
func (b *beginning) callsOf(key string) *history.History {
	var ops []history.Op
	open := map[int]bool{}
	for op := range b.h.Ops() {
		if op.Process == history.Nemesis {
			continue
		}
		if op.Type == history.Invoke {
			open[op.Process] = b.takes(op.Input) && slices.Contains(b.keys(op.Input), key)
		}
		if open[op.Process] {
			ops = append(ops, op)
		}
	}
	return history.Of(ops...)
}

// written returns the history with a write of each value before all else, by a process
// of its own.
func (b *beginning) written(values []cell) *history.History {
	h := b.h
	n := 0
	for _, c := range slices.Backward(values) {
		if c.value == b.base {
			continue
		}
		in, out := b.write(c)
		h = prepended(h, c.key, in, out)
		n++
	}
	if n > 0 {
		b.note = fmt.Sprintf("what %s held at first is shown as a write before all other calls, on the node initial", keysHeld(n))
	}
	return h
}

func keysHeld(n int) string {
	if n == 1 {
		return "1 key"
	}
	return fmt.Sprintf("%d keys", n)
}

// prepended returns a history that begins with one more call.
func prepended(h *history.History, key string, in, out any) *history.History {
	process := 0
	for op := range h.Ops() {
		process = max(process, op.Process+1)
	}
	first := history.Op{Process: process, Node: "initial", Type: history.Invoke, Key: key, Input: in}
	if h.Len() > 0 {
		first.Time = h.At(0).Time
	}
	last := first
	last.Type, last.Input, last.Output = history.OK, nil, out
	ops := make([]history.Op, 0, h.Len()+2)
	ops = append(ops, first, last)
	for op := range h.Ops() {
		ops = append(ops, op)
	}
	return history.Of(ops...)
}
