package linearizable

import (
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"github.com/capsize-go/capsize/checker/internal/budget"
)

// A dfs decides linearizability of any model depth-first: it extends one linearization as far as possible, and
// backtracks where no call fits. This is the search of Wing and Gong, Testing and Verifying Concurrent Objects (1993),
// with the memory of Lowe (2017). It visits the configurations of a [frontier], but one by one
// instead of all of an instant at once. So it finds a linearization sooner, if there is one,
// and holds more if there is none. It does not support optional calls.
type dfs struct {
	ops       []numbered
	events    []instant
	model     stepper
	meter     *budget.Meter
	multisets *multisets

	depths    []depth
	lists     []pending // pending calls of all depths
	mutating  []pending // at the last depth, pending calls that may change the state, in the order in which they return
	readOnly  []pending // and read-only ones
	nextEvent int       // events up to the last of them
	busy      config    // slots in use there
	slot      []int32   // by call
	ret       []int32   // by call, the number of the event at which it returns

	classes       []int32 // classes with indeterminate calls, in the order of their first one
	indeterminate [][]int // by class, when they were invoked

	visited  reachedSet
	stack    []branch
	steps    int
	maxSteps int // steps that may be taken, or 0
	scratch  *scratch
	eager    bool
	memory   int // bytes that may be held
}

// A depth is the return of a call, and the calls that are pending then. dfs.lists has those that may change the state
// in from:readOnly, in the order in which they return, and read-only ones in readOnly:to.
type depth struct {
	at                 int
	slot, class        int32 // of that call
	from, readOnly, to int32
	indeterminate      int32 // how many classes with indeterminate calls have been invoked
}

// A pending call has a slot, and that of the call of its class that returns just before it.
type pending struct {
	class, ret int32 // ret is the number of the event
	slot, prev int16 // -1 if there is no such call
}

// A reached config is a configuration at a depth.
type reached struct {
	config
	depth int32
}

// A branch is a configuration, and how many of its successors have been tried.
type branch struct {
	reached
	next int32
}

// dfs prepares a search through the calls of a frontier.
func (f *frontier) dfs(maxSteps int) *dfs {
	if f.events == nil {
		f.events = instants(f.ops)
	}
	d := &dfs{ops: f.ops, events: f.events, model: f.model, meter: f.meter, multisets: newMultisets(), memory: f.memory, maxSteps: maxSteps}
	d.indeterminate = make([][]int, len(f.left))
	d.scratch = scratches.Get().(*scratch)
	d.scratch.lend(d)
	for i, e := range d.events {
		if e.ret {
			d.ret[e.op] = int32(i)
		}
		if o := d.ops[e.op]; !o.known {
			if d.indeterminate[o.class] == nil {
				d.classes = append(d.classes, o.class)
			}
			d.indeterminate[o.class] = append(d.indeterminate[o.class], e.at)
		}
	}
	return d
}

// A scratch is the memory that a dfs begins with. To decide a short history takes less time than to allocate memory for it.
type scratch struct {
	slots  []reached
	depths []depth
	lists  []pending
	ops    []int32
}

var scratches = sync.Pool{New: func() any { return &scratch{} }}

// lend gives memory to a dfs: as much as if it were new, so what a search holds does not depend on earlier ones.
func (s *scratch) lend(d *dfs) {
	n := len(d.ops)
	expected := min(n, 1000)
	slots := 4 << bits.Len(uint(expected))
	s.slots = atLeast(s.slots, slots)
	s.depths, s.lists = atLeast(s.depths, expected), atLeast(s.lists, 4*expected)
	d.visited.slots = s.slots[:slots]
	clear(d.visited.slots)
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
func (d *dfs) run() decision {
	defer scratches.Put(d.scratch)
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

// search backtracks over branches until a linearization is complete, none is left, or the budget or the memory ends.
func (d *dfs) search() (ok bool, err error) {
	if ok, err = d.visit(reached{}); ok || err != nil {
		return ok, err
	}
	for len(d.stack) > 0 {
		if d.steps++; d.steps%1024 == 0 && d.memoryUsed() > d.memory {
			err = errMemory
		}
		if d.steps == d.maxSteps {
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
		r, more := d.nextConfig(&d.stack[len(d.stack)-1])
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

// memoryUsed returns about how many bytes the search holds.
func (d *dfs) memoryUsed() int {
	return 12*cap(d.lists) + 32*cap(d.depths) + 40*cap(d.stack) + 32*len(d.visited.slots) + d.multisets.bytes + d.model.memoryUsed()
}

// visit lets read-only calls take effect and calls return as long as that needs no other call. It pushes the
// configuration that this leads to, unless it was visited before, and reports whether all calls have returned.
func (d *dfs) visit(r reached) (end bool, err error) {
	for {
		if int(r.depth) == len(d.depths) {
			if more, err := d.nextDepth(); err != nil || !more {
				return !more, err
			}
		}
		now := &d.depths[r.depth]
		for _, o := range d.lists[now.readOnly:now.to] {
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
	if d.visited.add(r) {
		d.stack = append(d.stack, branch{r, 0})
	}
	return false, nil
}

// nextConfig returns the next configuration that one more call leads to. Of the pending calls, the one that
// returns first is tried first. Indeterminate calls come last. If the search is eager, they come right after
// the call that returns first, and those that make the answer of the next return right come before it.
func (d *dfs) nextConfig(v *branch) (r reached, more bool) {
	now := &d.depths[v.depth]
	mutating, indeterminate := now.readOnly-now.from, now.indeterminate
	enabling, first := int32(0), mutating
	if d.eager {
		enabling, first = indeterminate, min(mutating, 1)
	}
	if v.next == 0 && enabling > 0 && d.returnFits(v.state, v.depth) {
		v.next = enabling // the answer is right without one
	}
	for ; v.next < enabling+mutating+indeterminate && !more; v.next++ {
		switch i := v.next - enabling; {
		case i < 0:
			r, more = d.applyIndeterminate(v, d.classes[v.next], true)
		case i < first:
			r, more = d.apply(v, d.lists[now.from+i])
		case i < first+indeterminate:
			r, more = d.applyIndeterminate(v, d.classes[i-first], false)
		default:
			r, more = d.apply(v, d.lists[now.from+i-indeterminate])
		}
	}
	return r, more
}

// returnFits reports whether the next call to return has the right answer in a state.
func (d *dfs) returnFits(state, depth int32) bool {
	_, ok := d.model.step(state, d.depths[depth].class)
	return ok
}

// apply lets a pending call take effect.
func (d *dfs) apply(v *branch, o pending) (r reached, ok bool) {
	if v.has(int32(o.slot)) || o.prev >= 0 && !v.has(int32(o.prev)) {
		return r, false
	}
	state, ok := d.model.step(v.state, o.class)
	r = reached{v.with(int32(o.slot)), v.depth}
	r.state = state
	return r, ok
}

// applyIndeterminate lets an indeterminate call take effect, if one of its class was invoked by now and is left. With enabling set,
// it must make the answer of the next return right.
func (d *dfs) applyIndeterminate(v *branch, class int32, enabling bool) (r reached, ok bool) {
	n := int(d.multisets.count(v.used, class))
	if n == len(d.indeterminate[class]) || d.indeterminate[class][n] > d.depths[v.depth].at {
		return r, false
	}
	state, ok := d.model.step(v.state, class)
	if !ok || state == v.state || enabling && !d.returnFits(state, v.depth) {
		return r, false
	}
	r = v.reached
	r.state, r.used = state, d.multisets.add(v.used, class)
	return r, true
}

// nextDepth goes on to the next return in the history, and appends its depth. It reports whether there is one.
func (d *dfs) nextDepth() (more bool, err error) {
	indeterminate := int32(0)
	if n := len(d.depths); n > 0 {
		last := d.depths[n-1]
		indeterminate, d.mutating, d.readOnly = last.indeterminate, removePending(d.mutating, last.slot), removePending(d.readOnly, last.slot)
		d.busy = d.busy.without(last.slot)
	}
	for ; d.nextEvent < len(d.events); d.nextEvent++ {
		e := d.events[d.nextEvent]
		o := d.ops[e.op]
		switch {
		case !o.known:
			if int(indeterminate) < len(d.classes) && d.classes[indeterminate] == o.class {
				indeterminate++
			}
		case e.ret:
			d.nextEvent++
			from := int32(len(d.lists))
			d.lists = append(append(d.lists, d.mutating...), d.readOnly...)
			d.depths = append(d.depths, depth{e.at, d.slot[e.op], o.class, from, from + int32(len(d.mutating)), int32(len(d.lists)), indeterminate})
			return true, nil
		default:
			slot := d.busy.free()
			if slot == maxSlots {
				return false, fmt.Errorf("more than %d calls at a time were open", maxSlots)
			}
			d.busy, d.slot[e.op] = d.busy.with(slot), slot
			if c := (pending{o.class, d.ret[e.op], int16(slot), -1}); d.model.pure(o.class) {
				d.readOnly = append(d.readOnly, c)
			} else {
				d.mutating = insertPending(d.mutating, c)
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

// removePending removes the call that returned.
func removePending(calls []pending, slot int32) []pending {
	kept := calls[:0]
	for _, o := range calls {
		if int32(o.slot) == slot {
			continue
		}
		if int32(o.prev) == slot {
			o.prev = -1
		}
		kept = append(kept, o)
	}
	return kept
}

// insertPending inserts a call in the order of returns, and links it to those of its class.
func insertPending(calls []pending, o pending) []pending {
	i := len(calls)
	for ; i > 0 && calls[i-1].ret > o.ret; i-- {
	}
	for j := i - 1; j >= 0; j-- {
		if calls[j].class == o.class {
			o.prev = calls[j].slot
			break
		}
	}
	for j := i; j < len(calls); j++ {
		if calls[j].class == o.class {
			calls[j].prev = o.slot
			break
		}
	}
	return slices.Insert(calls, i, o)
}

// A reachedSet is a set of visited configurations: a hash table with open addressing. It
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

// put is add without room for more.
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
