package linearizable

import (
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"github.com/capsize-go/capsize/checker/internal/budget"
)

// A dive decides linearizability of any model by following one way in which calls may have
// happened as far as it goes, and another one only when that has come to an end: the
// search of Wing and Gong, Testing and Verifying Concurrent Objects (1993), with the
// memory of Lowe (2017). It meets the configurations of a [frontier], but one by one
// instead of all of an instant at once. So it finds an order sooner, if there is one,
// and holds more if there is none. It knows no calls that are optional.
type dive struct {
	ops    []numbered
	events []instant
	model  stepper
	meter  *budget.Meter
	bags   *bags

	depths []depth
	lists  []opened // of all depths
	open   []opened // at the last depth, calls that may change something, in the order in which they return
	looks  []opened // and calls that change nothing
	seen   int      // events up to the last of them
	busy   config   // slots in use there
	slot   []int32  // by call
	ret    []int32  // by call, the number of the event at which it returns

	classes []int32 // of calls of unknown outcome, in the order of their first one
	lost    [][]int // by class, when they were invoked

	been  reachedSet
	stack []branch
	steps int
	most  int // steps that may be taken, or 0
	used  *scratch
	eager bool
	room  int // bytes that may be held
}

// A depth is what goes on when a call is to return. In the lists, from one place to the next
// stand the calls that may change something, in the order in which they return, and
// to the last one those that change nothing.
type depth struct {
	at             int
	slot, class    int32 // of that call
	from, open, to int32
	lost           int32 // how many classes of unknown outcome have been invoked
}

// An opened call has a slot, and after a like one that returns before it.
type opened struct {
	class, ret  int32 // ret is the number of the event
	slot, after int16 // -1 if there is no such call
}

// A reached config is one that was met at a depth.
type reached struct {
	config
	depth int32
}

// A branch is how far the ways on from a config have been tried.
type branch struct {
	reached
	next int32
}

// dive prepares a search through the calls of a frontier.
func (f *frontier) dive(most int) *dive {
	if f.events == nil {
		f.events = instants(f.ops)
	}
	d := &dive{ops: f.ops, events: f.events, model: f.model, meter: f.meter, bags: newBags(), room: f.memory, most: most}
	d.lost = make([][]int, len(f.left))
	d.used = scratches.Get().(*scratch)
	d.used.lend(d)
	for i, e := range d.events {
		if e.ret {
			d.ret[e.op] = int32(i)
		}
		if o := d.ops[e.op]; !o.known {
			if d.lost[o.class] == nil {
				d.classes = append(d.classes, o.class)
			}
			d.lost[o.class] = append(d.lost[o.class], e.at)
		}
	}
	return d
}

// A scratch is the memory that a dive begins with. Short histories take less time to decide than to find memory for.
type scratch struct {
	slots  []reached
	depths []depth
	lists  []opened
	ops    []int32
}

var scratches = sync.Pool{New: func() any { return &scratch{} }}

// lend gives memory to a dive: as much as if it were new, so what the search holds does not depend on others.
func (s *scratch) lend(d *dive) {
	n := len(d.ops)
	expected := min(n, 1000)
	slots := 4 << bits.Len(uint(expected))
	s.slots = atLeast(s.slots, slots)
	s.depths, s.lists = atLeast(s.depths, expected), atLeast(s.lists, 4*expected)
	d.been.slots = s.slots[:slots]
	clear(d.been.slots)
	d.depths, d.lists = s.depths[:0:expected], s.lists[:0:4*expected]
	if n > expected {
		d.slot, d.ret = make([]int32, n), make([]int32, n)
		return
	}
	s.ops = atLeast(s.ops, 2*n)
	d.slot, d.ret = s.ops[:n], s.ops[n:2*n]
	clear(s.ops[:2*n])
}

// atLeast returns a slice with n elements or more, of any value.
func atLeast[T any](s []T, n int) []T {
	if len(s) < n {
		return make([]T, n)
	}
	return s
}

// run decides. It can be called once.
func (d *dive) run() decision {
	defer scratches.Put(d.used)
	ok, err := d.search()
	if err != nil {
		return decision{err: err}
	}
	got := decision{ok: ok}
	if n := len(d.depths); !ok && n > 0 {
		got.at = d.depths[n-1].at
	}
	return got
}

func (d *dive) search() (ok bool, err error) {
	if ok, err = d.visit(reached{}); ok || err != nil {
		return ok, err
	}
	for len(d.stack) > 0 {
		if d.steps++; d.steps%1024 == 0 && d.held() > d.room {
			err = errMemory
		}
		if d.steps == d.most {
			err = budget.ErrSteps
		}
		if !d.meter.Step() {
			err = d.meter.Err
		}
		if err == nil {
			err = d.model.failed()
		}
		if err != nil {
			return false, fmt.Errorf("%w after %d of %d calls", err, len(d.depths), len(d.ops))
		}
		r, more := d.next(&d.stack[len(d.stack)-1])
		if !more {
			d.stack = d.stack[:len(d.stack)-1]
			continue
		}
		if ok, err = d.visit(r); ok || err != nil {
			return ok, err
		}
	}
	return false, d.model.failed()
}

// held returns about how many bytes the search holds.
func (d *dive) held() int {
	return 12*cap(d.lists) + 32*cap(d.depths) + 40*cap(d.stack) + 32*len(d.been.slots) + d.bags.bytes + d.model.held()
}

// visit goes as deep as a config allows without any other call, and notes where that
// is, unless it has been there. It reports whether that is the end.
func (d *dive) visit(r reached) (end bool, err error) {
	for {
		if int(r.depth) == len(d.depths) {
			if more, err := d.reach(); err != nil || !more {
				return !more, err
			}
		}
		now := &d.depths[r.depth]
		for _, o := range d.lists[now.open:now.to] {
			if r.has(int32(o.slot)) {
				continue
			}
			if _, ok := d.model.step(r.state, o.class); ok {
				r.config = r.with(int32(o.slot))
			}
		}
		if !r.has(now.slot) {
			break
		}
		r.config = r.without(now.slot)
		r.depth++
	}
	if d.been.add(r) {
		d.stack = append(d.stack, branch{r, 0})
	}
	return false, nil
}

// next returns the next config that another call leads to. Of the open calls, the one that
// returns first is tried first. Those of unknown outcome come last. If the dive is eager, they come
// right after the call that returns first, and before it whichever makes the answer right that is due.
func (d *dive) next(v *branch) (r reached, more bool) {
	now := &d.depths[v.depth]
	open, lost := now.open-now.from, now.lost
	help, first := int32(0), open
	if d.eager {
		help, first = lost, min(open, 1)
	}
	if v.next == 0 && help > 0 && d.due(v.state, v.depth) {
		v.next = help // it needs none
	}
	for ; v.next < help+open+lost && !more; v.next++ {
		switch i := v.next - help; {
		case i < 0:
			r, more = d.lose(v, d.classes[v.next], true)
		case i < first:
			r, more = d.take(v, d.lists[now.from+i])
		case i < first+lost:
			r, more = d.lose(v, d.classes[i-first], false)
		default:
			r, more = d.take(v, d.lists[now.from+i-lost])
		}
	}
	return r, more
}

// due reports whether the answer of the call that is to return would be right now.
func (d *dive) due(state, depth int32) bool {
	_, ok := d.model.step(state, d.depths[depth].class)
	return ok
}

// take lets an open call take effect.
func (d *dive) take(v *branch, o opened) (r reached, ok bool) {
	if v.has(int32(o.slot)) || o.after >= 0 && !v.has(int32(o.after)) {
		return r, false
	}
	state, ok := d.model.step(v.state, o.class)
	r = reached{v.with(int32(o.slot)), v.depth}
	r.state = state
	return r, ok
}

// lose lets a call of unknown outcome take effect, if one of its class was invoked by now and is left. With help set,
// it must make the answer right that is due.
func (d *dive) lose(v *branch, class int32, help bool) (r reached, ok bool) {
	n := int(d.bags.count(v.used, class))
	if n == len(d.lost[class]) || d.lost[class][n] > d.depths[v.depth].at {
		return r, false
	}
	state, ok := d.model.step(v.state, class)
	if !ok || state == v.state || help && !d.due(state, v.depth) {
		return r, false
	}
	r = v.reached
	r.state, r.used = state, d.bags.add(v.used, class)
	return r, true
}

// reach makes the next depth, and reports whether there is one.
func (d *dive) reach() (more bool, err error) {
	lost := int32(0)
	if n := len(d.depths); n > 0 {
		last := d.depths[n-1]
		lost, d.open, d.looks = last.lost, without(d.open, last.slot), without(d.looks, last.slot)
		d.busy = d.busy.without(last.slot)
	}
	for ; d.seen < len(d.events); d.seen++ {
		e := d.events[d.seen]
		o := d.ops[e.op]
		switch {
		case !o.known:
			if int(lost) < len(d.classes) && d.classes[lost] == o.class {
				lost++
			}
		case e.ret:
			d.seen++
			from := int32(len(d.lists))
			d.lists = append(append(d.lists, d.open...), d.looks...)
			d.depths = append(d.depths, depth{e.at, d.slot[e.op], o.class, from, from + int32(len(d.open)), int32(len(d.lists)), lost})
			return true, nil
		default:
			slot := d.busy.free()
			if slot == maxSlots {
				return false, fmt.Errorf("more than %d calls at a time were open", maxSlots)
			}
			d.busy, d.slot[e.op] = d.busy.with(slot), slot
			if c := (opened{o.class, d.ret[e.op], int16(slot), -1}); d.model.pure(o.class) {
				d.looks = append(d.looks, c)
			} else {
				d.open = begin(d.open, c)
			}
		}
	}
	return false, nil
}

// free returns the first slot that is not used.
func (c config) free() int32 {
	if c.low != ^uint64(0) {
		return int32(bits.TrailingZeros64(^c.low))
	}
	return int32(64 + bits.TrailingZeros64(^c.high))
}

// without drops the call that returned.
func without(calls []opened, slot int32) []opened {
	kept := calls[:0]
	for _, o := range calls {
		if int32(o.slot) == slot {
			continue
		}
		if int32(o.after) == slot {
			o.after = -1
		}
		kept = append(kept, o)
	}
	return kept
}

// begin puts a call among others.
func begin(calls []opened, o opened) []opened {
	i := len(calls)
	for ; i > 0 && calls[i-1].ret > o.ret; i-- {
	}
	for j := i - 1; j >= 0; j-- {
		if calls[j].class == o.class {
			o.after = calls[j].slot
			break
		}
	}
	for j := i; j < len(calls); j++ {
		if calls[j].class == o.class {
			calls[j].after = o.slot
			break
		}
	}
	return slices.Insert(calls, i, o)
}

// A reachedSet is a set of configs that were met: a hash table with open addressing. It
// must have slots to begin with, a power of two.
type reachedSet struct {
	slots []reached // of which a free one has depth 0; others count from 1
	n     int
}

// add puts r into the set, and reports whether it is new.
func (s *reachedSet) add(r reached) bool {
	if 2*s.n >= len(s.slots) {
		s.grow()
	}
	r.depth++
	return s.put(r)
}

func (s *reachedSet) put(r reached) bool {
	mask := uint64(len(s.slots) - 1)
	for i := (r.hash() ^ uint64(r.depth)*0x9e3779b97f4a7c15>>7) & mask; ; i = (i + 1) & mask {
		switch {
		case s.slots[i].depth == 0:
			s.slots[i] = r
			s.n++
			return true
		case s.slots[i] == r:
			return false
		}
	}
}

func (s *reachedSet) grow() {
	old := s.slots
	s.slots, s.n = make([]reached, 2*len(old)), 0
	for _, r := range old {
		if r.depth > 0 {
			s.put(r)
		}
	}
}
