package linearizable

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/model"
)

// A stepper is a model in numbers. States and classes count from 0; state 0 is
// the initial one. Calls of one class were asked, and answered, the same.
type stepper interface {
	step(state, class int32) (next int32, ok bool)
	pure(class int32) bool // whether it changes no state, if it happened
	failed() error         // why no step succeeds any more
	held() int             // bytes, about
}

// A numbered call is a span with its class.
type numbered struct {
	call, ret int
	class     int32
	known     bool
	optional  bool // whether it may as well not have happened, though it is known when
}

// A config is one way in which the calls so far may have happened: the state
// that they led to, which of the open calls took effect, and which of the calls of
// unknown outcome did.
type config struct {
	state, used int32
	low, high   uint64 // open calls that took effect, by slot
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

// A frontier decides linearizability of any model by following all configurations at
// once: Lowe, Testing for Linearizability (2017), just-in-time linearization.
// A call takes effect only when one that returns needs it. Its cost is linear in
// the number of calls and exponential in those open at a time, at worst; memory
// is that of the configurations at one instant. Four things keep them few:
//
//   - Calls that change nothing take effect as soon as their answer is right.
//   - Of open calls that are alike, the one that returns first takes effect first.
//   - Calls of unknown outcome that are alike are only counted, and a
//     configuration that another reaches with fewer of them is dropped.
//   - Those that every configuration has used are forgotten.
type frontier struct {
	ops    []numbered
	events []instant
	model  stepper
	meter  *budget.Meter

	slots [maxSlots]int32 // the open call in each slot, or none
	prev  [maxSlots]int32 // slot of the like call that returns just before, or none
	live  []int32         // slots in use, of calls that may change something
	looks []int32         // slots in use, of calls that change nothing

	lost   []int32 // classes of unknown outcome with calls left
	left   []int32 // by class: how many
	bags   *bags
	front  []config
	seen   configSet
	out    configSet
	least  map[config][]int32 // bags with which a state and its open calls were reached
	steps  int
	memory int // bytes that may be held

	width        int     // the most configurations that are kept at an instant; 0 for all
	dropped      bool    // whether some were not kept
	at           []int32 // the slot of each call
	queue, later []config
}

func newFrontier(ops []numbered, classes int, m stepper) *frontier {
	f := &frontier{ops: ops, model: m, left: make([]int32, classes), meter: budget.Unlimited(), bags: newBags(), memory: budget.DefaultMemory}
	f.at = make([]int32, len(ops))
	for i := range f.slots {
		f.slots[i], f.prev[i] = model.None, model.None
	}
	f.front = []config{{}}
	return f
}

// again returns a search through the same calls that keeps no more than so many
// configurations.
func (f *frontier) again(width int) *frontier {
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

// instants returns the ends of calls in their order. Sorted apart, invocations need
// little work: mostly they are in order.
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

// run decides.
func (f *frontier) run() decision {
	returned := 0
	if f.events == nil {
		f.events = instants(f.ops)
	}
	for _, e := range f.events {
		o := f.ops[e.op]
		switch {
		case !o.known:
			f.lose(o.class)
		case !e.ret:
			if !f.invoke(e.op) {
				return decision{err: fmt.Errorf("more than %d calls at a time were open", maxSlots)}
			}
		default:
			err := f.finish(e.op)
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

// held returns about how many bytes the search holds.
func (f *frontier) held() int {
	const slot, entry = configBytes + 4, 4 * configBytes
	return slot*(len(f.seen.slots)+len(f.out.slots)) + configBytes*cap(f.front) + entry*len(f.least) +
		f.bags.bytes + f.model.held()
}

// lose takes note of a call of unknown outcome.
func (f *frontier) lose(class int32) {
	if f.left[class] == 0 {
		f.lost = append(f.lost, class)
	}
	f.left[class]++
}

// invoke gives a call a slot.
func (f *frontier) invoke(op int32) bool {
	slot := int32(slices.Index(f.slots[:], model.None))
	if slot == model.None {
		return false
	}
	f.slots[slot], f.at[op] = op, slot
	class := f.ops[op].class
	if !f.model.pure(class) {
		f.live = append(f.live, slot)
		f.relink(class)
		return true
	}
	f.looks = append(f.looks, slot)
	for i, c := range f.front {
		if _, ok := f.model.step(c.state, class); ok {
			f.front[i] = c.with(slot)
		}
	}
	return true
}

// relink finds anew which of the open calls of a class returns before which.
func (f *frontier) relink(class int32) {
	for _, a := range f.live {
		oa := f.ops[f.slots[a]]
		if oa.class != class {
			continue
		}
		f.prev[a] = model.None
		best := -1
		for _, b := range f.live {
			if ob := f.ops[f.slots[b]]; ob.class == class && ob.optional == oa.optional && ob.ret < oa.ret && ob.ret > best {
				f.prev[a], best = b, ob.ret
			}
		}
	}
}

// finish keeps the configurations in which a call has taken effect, after
// letting others take effect before it in every way that leads there: as few as
// possible first, and calls of unknown outcome last.
func (f *frontier) finish(op int32) error {
	slot := f.at[op]
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
		if f.steps++; f.steps%1024 == 0 && f.held()+configBytes*(cap(queue)+cap(later)) > f.memory {
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
				f.dropped = f.dropped || next+1 < len(queue) || len(later) > 0
				break
			}
			continue
		}
		queue = f.expand(c, queue)
		later = f.expandLost(c, later)
	}
	f.queue, f.later = queue, later
	f.front = append(f.front, without...)
	f.release(slot)
	if len(f.lost) > 0 {
		f.thin()
		f.forget()
	}
	return nil
}

// expand lets each of the open calls take effect.
func (f *frontier) expand(c config, stack []config) []config {
	for _, slot := range f.live {
		if p := f.prev[slot]; c.has(slot) || p != model.None && !c.has(p) {
			continue
		}
		next, ok := f.model.step(c.state, f.ops[f.slots[slot]].class)
		if !ok {
			continue
		}
		n := c.with(slot)
		n.state = next
		if n = f.look(n); f.add(n) {
			stack = append(stack, n)
		}
	}
	return stack
}

// expandLost lets a call of each class of unknown outcome take effect.
func (f *frontier) expandLost(c config, later []config) []config {
	for _, class := range f.lost {
		if f.bags.count(c.used, class) >= f.left[class] {
			continue
		}
		next, ok := f.model.step(c.state, class)
		if !ok || next == c.state {
			continue
		}
		n := c
		n.state, n.used = next, f.bags.add(c.used, class)
		if n = f.look(n); f.add(n) {
			later = append(later, n)
		}
	}
	return later
}

// look lets all open calls take effect that change nothing, and are right.
func (f *frontier) look(c config) config {
	for _, slot := range f.looks {
		if c.has(slot) {
			continue
		}
		if _, ok := f.model.step(c.state, f.ops[f.slots[slot]].class); ok {
			c = c.with(slot)
		}
	}
	return c
}

// add reports whether a configuration is new, and not one that another reaches
// with fewer calls of unknown outcome.
func (f *frontier) add(c config) bool {
	key := c
	if f.width > 0 {
		key.used = 0
	}
	if !f.seen.add(key) {
		f.dropped = f.dropped || f.width > 0 && len(f.lost) > 0
		return false
	}
	if len(f.lost) == 0 || f.width > 0 {
		return true
	}
	if f.least == nil {
		f.least = map[config][]int32{}
	}
	used := c.used
	c.used = 0
	all := f.least[c]
	f.meter.Take(len(all) / budget.BagsOfStep)
	for _, u := range all {
		if f.bags.within(u, used) {
			return false
		}
	}
	f.least[c] = append(all, used)
	return true
}

func (f *frontier) release(slot int32) {
	op := f.slots[slot]
	f.slots[slot], f.prev[slot] = model.None, model.None
	if i := slices.Index(f.live, slot); i >= 0 {
		f.live = slices.Delete(f.live, i, i+1)
		f.relink(f.ops[op].class)
		return
	}
	i := slices.Index(f.looks, slot)
	f.looks = slices.Delete(f.looks, i, i+1)
}

// thin drops what is reached with fewer calls of unknown outcome as well.
func (f *frontier) thin() {
	if f.width > 0 {
		return
	}
	slices.SortStableFunc(f.front, func(a, b config) int { return f.bags.size(a.used) - f.bags.size(b.used) })
	least := map[config][]int32{}
	f.front = slices.DeleteFunc(f.front, func(c config) bool {
		used := c.used
		c.used = 0
		f.meter.Take(len(least[c]) / budget.BagsOfStep)
		for _, u := range least[c] {
			if f.bags.within(u, used) {
				return true
			}
		}
		least[c] = append(least[c], used)
		return false
	})
}

// forget drops the calls of unknown outcome that have happened for certain.
func (f *frontier) forget() {
	if len(f.front) == 0 {
		return
	}
	common := f.bags.sorted(f.front[0].used)
	for _, c := range f.front[1:] {
		if len(common) == 0 {
			return
		}
		common = intersect(common, f.bags.sorted(c.used))
	}
	if len(common) == 0 {
		return
	}
	for i := range f.front {
		f.front[i].used = f.bags.minus(f.front[i].used, common)
	}
	for _, class := range common {
		f.left[class]--
	}
	f.lost = slices.DeleteFunc(f.lost, func(class int32) bool { return f.left[class] == 0 })
}
