package models

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
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
		return initial{given: true, number: checker.Nil}, nil
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
type cell[V comparable] struct {
	key   string
	value V
}

// cells says what calls on registers see and put.
type cells[V comparable, In, Out any] struct {
	keys  func(in In) []string
	sees  func(in In, out Out) []cell[V] // by a call that was OK
	puts  func(in In) []cell[V]          // by a call that may have taken effect
	write func(c cell[V]) (In, Out)      // the call that puts a value
	usual []V                            // what is held at first if nothing else is known, the likeliest first
	given func(i initial) V
	loose V // what is held at first where any of the usual values may be seen

	// unknown is the checker for first values that are not known, where calls that are rough
	// do not show them one by one. It is nil if they always do.
	unknown checker.Checker
	rough   func(h *history.History) bool
}

// numbers are the cells of registers of integers. If found, a cas answers what it found.
func numbers(found bool) cells[int, checker.RegisterOp, int] {
	usual := []int{0, checker.Nil}
	if !found { // as in Knossos
		usual = []int{checker.Nil, 0}
	}
	return cells[int, checker.RegisterOp, int]{
		keys: func(in checker.RegisterOp) []string { return []string{in.Key} },
		sees: func(in checker.RegisterOp, out int) []cell[int] {
			switch {
			case in.F == "read", in.F == "cas" && found:
				return []cell[int]{{in.Key, out}}
			case in.F == "cas":
				return []cell[int]{{in.Key, in.Old}}
			}
			return nil
		},
		puts: func(in checker.RegisterOp) []cell[int] {
			if in.F == "read" {
				return nil
			}
			return []cell[int]{{in.Key, in.Value}}
		},
		write: func(c cell[int]) (checker.RegisterOp, int) {
			return checker.RegisterOp{F: "write", Key: c.key, Value: c.value}, 0
		},
		usual: usual,
		given: func(i initial) int { return i.number },
		loose: 0,
	}
}

// many are the cells of registers of integers that are read and written at once.
func many() cells[int, []checker.RegisterOp, []int] {
	one := numbers(true)
	return cells[int, []checker.RegisterOp, []int]{
		keys: func(in []checker.RegisterOp) (keys []string) {
			for _, o := range in {
				keys = append(keys, o.Key)
			}
			return keys
		},
		sees: func(in []checker.RegisterOp, out []int) (all []cell[int]) {
			for i, o := range in {
				written := slices.ContainsFunc(in[:i], func(w checker.RegisterOp) bool { return w.F == "write" && w.Key == o.Key })
				if i < len(out) && !written {
					all = append(all, one.sees(o, out[i])...)
				}
			}
			return all
		},
		puts: func(in []checker.RegisterOp) (all []cell[int]) {
			for _, o := range in {
				all = append(all, one.puts(o)...)
			}
			return all
		},
		write: func(c cell[int]) ([]checker.RegisterOp, []int) {
			in, out := one.write(c)
			return []checker.RegisterOp{in}, []int{out}
		},
		usual:   one.usual,
		given:   one.given,
		unknown: checker.Linearizable(unknownMany()),
		rough:   func(*history.History) bool { return true },
	}
}

// strung are the cells of a store of strings.
func strung() cells[string, checker.KVOp, string] {
	return cells[string, checker.KVOp, string]{
		keys: func(in checker.KVOp) []string { return []string{in.Key} },
		sees: func(in checker.KVOp, out string) []cell[string] {
			switch in.F {
			case "get":
				return []cell[string]{{in.Key, out}}
			case "cas":
				return []cell[string]{{in.Key, in.Old}}
			}
			return nil
		},
		puts: func(in checker.KVOp) []cell[string] {
			if in.F == "get" {
				return nil
			}
			return []cell[string]{{in.Key, in.Value}}
		},
		write: func(c cell[string]) (checker.KVOp, string) {
			return checker.KVOp{F: "put", Key: c.key, Value: c.value}, ""
		},
		usual:   []string{""},
		given:   func(i initial) string { return i.text },
		unknown: checker.Linearizable(unknownStrings()),
		rough:   appends,
	}
}

// registers adds to the model of an object that its registers may hold other values at
// first than its own.
func registers[S, V comparable, In, Out any](m Model, object checker.Model[S, In, Out], c cells[V, In, Out], init initial) Model {
	m.begin = func(ctx context.Context, h *history.History, consistency string) (checker.Checker, *history.History, string, error) {
		if init.unknown && consistency != Linearizable {
			return nil, nil, "", fmt.Errorf("--initial %s is for linearizability; for %s, say what the registers held: --initial VALUE", UnknownInitial, consistency)
		}
		if init.unknown && c.unknown != nil && c.rough(h) {
			return c.unknown, h, "", nil
		}
		b, object := beginning[V, In, Out]{cells: c, init: init, h: h, base: c.usual[0]}, object
		if base, ok := any(c.loose).(S); init.unknown && ok {
			b.base, object.Init = c.loose, base
		}
		b.judge = func(h *history.History) checker.Verdict { return checker.Linearizable(object).Check(ctx, h).Verdict }
		values := b.values()
		with := object
		one, same := common(values)
		if state, fits := any(one).(S); same && fits {
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
func common[V comparable](values []cell[V]) (one V, same bool) {
	if len(values) == 0 {
		return one, false
	}
	one = values[0].value
	return one, !slices.ContainsFunc(values, func(c cell[V]) bool { return c.value != one })
}

// beginning finds out what registers held before the first op of a history.
type beginning[V comparable, In, Out any] struct {
	cells[V, In, Out]
	init  initial
	h     *history.History
	base  V // what a key holds at first of which nothing is written
	judge func(h *history.History) checker.Verdict
	note  string
}

// A keyState is what a history shows of one key.
type keyState[V comparable] struct {
	seen    []V           // by calls that may have come before all others, in the order of their ends
	foreign []V           // seen values that no call puts
	puts    map[V]bool    // what calls may have put
	over    int           // index of the first completion of a call that put something
	sights  []sighting[V] // all values seen
}

type sighting[V comparable] struct {
	value       V
	invoke, end int
}

// values returns what each key holds at first, in the order of the keys' first calls.
func (b *beginning[V, In, Out]) values() (all []cell[V]) {
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
		all = append(all, cell[V]{key, v})
	}
	return all
}

// byReads returns the usual value that reads saw before anything had been put, if any
// did.
func (b *beginning[V, In, Out]) byReads(k *keyState[V]) (v V, ok bool) {
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
func (b *beginning[V, In, Out]) unknown(key string, k *keyState[V]) V {
	if len(k.foreign) > 0 && !slices.Contains(b.usual, k.foreign[0]) {
		return k.foreign[0]
	}
	first := b.base
	candidates := []V{first}
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
			in, out := b.write(cell[V]{key, v})
			begun = prepended(calls, key, in, out)
		}
		if b.judge(begun) == checker.Valid {
			return v
		}
	}
	return first
}

// keyStates collects what the history shows of each key.
func (b *beginning[V, In, Out]) keyStates() (order []string, keys map[string]*keyState[V]) {
	keys = map[string]*keyState[V]{}
	state := func(key string) *keyState[V] {
		k := keys[key]
		if k == nil {
			k = &keyState[V]{puts: map[V]bool{}, over: int(^uint(0) >> 1)}
			keys[key] = k
			order = append(order, key)
		}
		return k
	}
	for c := range b.h.Calls() {
		in, ok := c.Invoke.Input.(In)
		if !ok {
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
		if out, known := c.Complete.Output.(Out); known && c.Complete.Type == history.OK {
			for _, s := range b.sees(in, out) {
				k := state(s.key)
				k.sights = append(k.sights, sighting[V]{s.value, c.Invoke.Index, c.Complete.Index})
			}
		}
	}
	for _, k := range keys { // order: each key by itself
		k.finish()
	}
	return order, keys
}

// finish sorts what was seen by the ends of the calls that saw it.
func (k *keyState[V]) finish() {
	sorting.Func(k.sights, func(a, b sighting[V]) int { return a.end - b.end })
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
func (b *beginning[V, In, Out]) callsOf(key string) *history.History {
	var ops []history.Op
	open := map[int]bool{}
	for op := range b.h.Ops() {
		in, ok := op.Input.(In)
		if op.Process == history.Nemesis {
			continue
		}
		if op.Type == history.Invoke {
			open[op.Process] = ok && slices.Contains(b.keys(in), key)
		}
		if open[op.Process] {
			ops = append(ops, op)
		}
	}
	return history.Of(ops...)
}

// written returns the history with a write of each value before all else, by a process
// of its own.
func (b *beginning[V, In, Out]) written(values []cell[V]) *history.History {
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
