package linearizable

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/model"
)

// A stepper is a model in numbers. States and classes count from 0; state 0 is
// the initial one. A class is an equivalence class of calls: they have the same input and output.
type stepper interface {
	step(state, class int32) (next int32, ok bool)
	pure(class int32) bool // whether its calls are read-only
	failed() error         // the error after which no step succeeds
	memoryUsed() int       // bytes, about
}

// A numbered call is a span with its class.
type numbered struct {
	call, ret int
	class     int32
	known     bool
	optional  bool // whether the search may leave it out, though it has returned
}

// A config is a configuration (Lowe 2017): the state after the calls that took effect, which of the pending calls did,
// and the multiset of the indeterminate calls that did.
type config struct {
	state, used int32
	low, high   uint64 // pending calls that took effect, by slot
}

const maxSlots = 128

func (c config) has(slot int32) bool {
	if slot < 64 {
		return c.low>>slot&1 != 0
	}
	return c.high>>(slot-64)&1 != 0
}

func (c config) with(slot int32) config {
	if slot < 64 {
		c.low |= 1 << slot
	} else {
		c.high |= 1 << (slot - 64)
	}
	return c
}

func (c config) without(slot int32) config {
	if slot < 64 {
		c.low &^= 1 << slot
	} else {
		c.high &^= 1 << (slot - 64)
	}
	return c
}

// A frontier decides linearizability of any model breadth-first, with all configurations of an instant
// at once: just-in-time linearization (Lowe, Testing for Linearizability, 2017).
// A call takes effect only when one that returns needs it. Its cost is linear in
// the number of calls and exponential in those pending at a time, at worst; memory
// is that of the configurations at one instant. Four reductions keep them few:
//
//   - Read-only calls take effect as soon as their answer is right.
//   - Of pending calls of one equivalence class, the one that returns first takes effect first.
//   - Indeterminate calls of one equivalence class are only counted, and a
//     configuration that another dominates, since it needs fewer of them, is dropped.
//   - Those that every configuration has used are dropped from all.
type frontier struct {
	ops    []numbered
	events []instant
	model  stepper
	meter  *budget.Meter

	slots    [maxSlots]int32 // the pending call in each slot, or None
	prev     [maxSlots]int32 // slot of the call of its class that returns just before, or None
	mutating []int32         // slots of pending calls that may change the state
	readOnly []int32         // slots of pending read-only calls

	indeterminate []int32 // classes with indeterminate calls left
	left          []int32 // by class: how many
	multisets     *multisets
	front         []config
	seen          configSet
	out           configSet
	least         map[config][]int32 // multisets with which a state and its pending calls were reached
	steps         int
	memory        int // bytes that the search may hold

	width        int     // the most configurations of an instant; 0 for no bound (else a beam search)
	incomplete   bool    // whether some were dropped because of width
	slotOf       []int32 // the slot of each call
	queue, later []config
}

// newFrontier returns a search through calls, with the initial configuration alone.
func newFrontier(ops []numbered, classes int, m stepper) *frontier {
	f := &frontier{ops: ops, model: m, left: make([]int32, classes), meter: budget.Unlimited(), multisets: newMultisets(), memory: budget.DefaultMemory}
	f.slotOf = make([]int32, len(ops))
	for i := range f.slots {
		f.slots[i], f.prev[i] = model.None, model.None
	}
	f.front = []config{{}}
	return f
}

// withWidth returns a search through the same calls that keeps at most width configurations; 0 for all.
func (f *frontier) withWidth(width int) *frontier {
	g := newFrontier(f.ops, len(f.left), f.model)
	g.memory, g.meter, g.width, g.events = f.memory, f.meter, width, f.events
	return g
}

// An instant is one end of a call.
type instant struct {
	at  int
	op  int32
	ret bool
}

// instants returns invocations and returns in their order. It sorts invocations apart, since
// these are mostly in order already.
func instants(ops []numbered) []instant {
	begins, ends := make([]instant, 0, len(ops)), make([]instant, 0, len(ops))
	for i, o := range ops {
		begins = append(begins, instant{o.call, int32(i), false})
		if o.known {
			ends = append(ends, instant{o.ret, int32(i), true})
		}
	}
	earlier := func(a, b instant) int { return a.at - b.at }
	slices.SortFunc(begins, earlier)
	slices.SortFunc(ends, earlier)
	all := make([]instant, 0, len(begins)+len(ends))
	for _, b := range begins {
		for len(ends) > 0 && ends[0].at < b.at {
			all, ends = append(all, ends[0]), ends[1:]
		}
		all = append(all, b)
	}
	return append(all, ends...)
}

// run goes through the history once. The calls are linearizable if a configuration is left at the end.
func (f *frontier) run() decision {
	returned := 0
	if f.events == nil {
		f.events = instants(f.ops)
	}
	for _, e := range f.events {
		o := f.ops[e.op]
		switch {
		case !o.known:
			f.addIndeterminate(o.class)
		case !e.ret:
			if !f.invoke(e.op) {
				return decision{err: fmt.Errorf("more than %d calls at a time were open", maxSlots)}
			}
		default:
			err := f.complete(e.op)
			if err == nil {
				err = f.model.failed()
			}
			if err != nil {
				return decision{err: fmt.Errorf("%w after %d of %d calls, with %d ways in which they may have happened",
					err, returned, len(f.ops), len(f.front))}
			}
			returned++
			if len(f.front) == 0 {
				return decision{at: e.at}
			}
		}
	}
	return decision{ok: true}
}

const configBytes = 24

// memoryUsed returns about how many bytes the search holds.
func (f *frontier) memoryUsed() int {
	const slot, entry = configBytes + 4, 4 * configBytes
	return slot*(len(f.seen.slots)+len(f.out.slots)) + configBytes*cap(f.front) + entry*len(f.least) +
		f.multisets.bytes + f.model.memoryUsed()
}

// addIndeterminate adds an indeterminate call to those that configurations may use.
func (f *frontier) addIndeterminate(class int32) {
	if f.left[class] == 0 {
		f.indeterminate = append(f.indeterminate, class)
	}
	f.left[class]++
}

// invoke gives a call a slot, and lets it take effect at once where it is read-only and right. It returns false if no slot is free.
func (f *frontier) invoke(op int32) bool {
	slot := int32(slices.Index(f.slots[:], model.None))
	if slot == model.None {
		return false
	}
	f.slots[slot], f.slotOf[op] = op, slot
	class := f.ops[op].class
	if !f.model.pure(class) {
		f.mutating = append(f.mutating, slot)
		f.relink(class)
		return true
	}
	f.readOnly = append(f.readOnly, slot)
	for i, c := range f.front {
		if _, ok := f.model.step(c.state, class); ok {
			f.front[i] = c.with(slot)
		}
	}
	return true
}

// relink links the pending calls of a class in the order of their returns.
func (f *frontier) relink(class int32) {
	for _, a := range f.mutating {
		oa := f.ops[f.slots[a]]
		if oa.class != class {
			continue
		}
		f.prev[a] = model.None
		best := -1
		for _, b := range f.mutating {
			if ob := f.ops[f.slots[b]]; ob.class == class && ob.optional == oa.optional && ob.ret < oa.ret && ob.ret > best {
				f.prev[a], best = b, ob.ret
			}
		}
	}
}

// complete handles the return of a call: it keeps the configurations in which the call has taken effect, after
// letting others take effect before it in every order that leads there. It tries few calls first, and
// indeterminate calls last.
func (f *frontier) complete(op int32) error {
	slot := f.slotOf[op]
	f.seen.reset()
	f.out.reset()
	if f.least != nil {
		clear(f.least)
	}
	var without []config
	if f.ops[op].optional {
		without = slices.DeleteFunc(slices.Clone(f.front), func(c config) bool { return c.has(slot) })
	}
	queue, later := append(f.queue[:0], f.front...), f.later[:0]
	for _, c := range queue {
		f.add(c)
	}
	f.front = f.front[:0]
	for next := 0; next < len(queue) || len(later) > 0; next++ {
		if next == len(queue) {
			queue, later, next = append(queue[:0], later...), later[:0], 0
		}
		c := queue[next]
		if f.steps++; f.steps%1024 == 0 && f.memoryUsed()+configBytes*(cap(queue)+cap(later)) > f.memory {
			return errMemory
		}
		if !f.meter.Step() {
			return f.meter.Err
		}
		if c.has(slot) {
			if c = c.without(slot); f.out.add(c) {
				f.front = append(f.front, c)
			}
			if len(f.front) == f.width && f.width > 0 {
				f.incomplete = f.incomplete || next+1 < len(queue) || len(later) > 0
				break
			}
			continue
		}
		queue = f.expand(c, queue)
		later = f.expandIndeterminate(c, later)
	}
	f.queue, f.later = queue, later
	f.front = append(f.front, without...)
	f.release(slot)
	if len(f.indeterminate) > 0 {
		f.dropDominated()
		f.dropCommon()
	}
	return nil
}

// expand lets each of the pending calls take effect.
func (f *frontier) expand(c config, stack []config) []config {
	for _, slot := range f.mutating {
		if p := f.prev[slot]; c.has(slot) || p != model.None && !c.has(p) {
			continue
		}
		next, ok := f.model.step(c.state, f.ops[f.slots[slot]].class)
		if !ok {
			continue
		}
		n := c.with(slot)
		n.state = next
		if n = f.applyReadOnly(n); f.add(n) {
			stack = append(stack, n)
		}
	}
	return stack
}

// expandIndeterminate lets an indeterminate call of each class take effect.
func (f *frontier) expandIndeterminate(c config, later []config) []config {
	for _, class := range f.indeterminate {
		if f.multisets.count(c.used, class) >= f.left[class] {
			continue
		}
		next, ok := f.model.step(c.state, class)
		if !ok || next == c.state {
			continue
		}
		n := c
		n.state, n.used = next, f.multisets.add(c.used, class)
		if n = f.applyReadOnly(n); f.add(n) {
			later = append(later, n)
		}
	}
	return later
}

// applyReadOnly lets all pending read-only calls take effect whose answers are right.
func (f *frontier) applyReadOnly(c config) config {
	for _, slot := range f.readOnly {
		if c.has(slot) {
			continue
		}
		if _, ok := f.model.step(c.state, f.ops[f.slots[slot]].class); ok {
			c = c.with(slot)
		}
	}
	return c
}

// add reports whether a configuration is new, and not dominated by another one, which needs
// fewer indeterminate calls.
func (f *frontier) add(c config) bool {
	key := c
	if f.width > 0 {
		key.used = 0
	}
	if !f.seen.add(key) {
		f.incomplete = f.incomplete || f.width > 0 && len(f.indeterminate) > 0
		return false
	}
	if len(f.indeterminate) == 0 || f.width > 0 {
		return true
	}
	if f.least == nil {
		f.least = map[config][]int32{}
	}
	used := c.used
	c.used = 0
	all := f.least[c]
	f.meter.Take(len(all) / budget.MultisetsPerStep)
	for _, u := range all {
		if f.multisets.subsetOf(u, used) {
			return false
		}
	}
	f.least[c] = append(all, used)
	return true
}

// release frees the slot of a call that returned.
func (f *frontier) release(slot int32) {
	op := f.slots[slot]
	f.slots[slot], f.prev[slot] = model.None, model.None
	if i := slices.Index(f.mutating, slot); i >= 0 {
		f.mutating = slices.Delete(f.mutating, i, i+1)
		f.relink(f.ops[op].class)
		return
	}
	i := slices.Index(f.readOnly, slot)
	f.readOnly = slices.Delete(f.readOnly, i, i+1)
}

// dropDominated drops the configurations that others reach with fewer indeterminate calls.
func (f *frontier) dropDominated() {
	if f.width > 0 {
		return
	}
	slices.SortStableFunc(f.front, func(a, b config) int { return f.multisets.size(a.used) - f.multisets.size(b.used) })
	least := map[config][]int32{}
	f.front = slices.DeleteFunc(f.front, func(c config) bool {
		used := c.used
		c.used = 0
		f.meter.Take(len(least[c]) / budget.MultisetsPerStep)
		for _, u := range least[c] {
			if f.multisets.subsetOf(u, used) {
				return true
			}
		}
		least[c] = append(least[c], used)
		return false
	})
}

// dropCommon drops the indeterminate calls that took effect in all configurations.
func (f *frontier) dropCommon() {
	if len(f.front) == 0 {
		return
	}
	common := f.multisets.sorted(f.front[0].used)
	for _, c := range f.front[1:] {
		if len(common) == 0 {
			return
		}
		common = intersect(common, f.multisets.sorted(c.used))
	}
	if len(common) == 0 {
		return
	}
	for i := range f.front {
		f.front[i].used = f.multisets.minus(f.front[i].used, common)
	}
	for _, class := range common {
		f.left[class]--
	}
	f.indeterminate = slices.DeleteFunc(f.indeterminate, func(class int32) bool { return f.left[class] == 0 })
}
