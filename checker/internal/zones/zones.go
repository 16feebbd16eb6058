package zones

import (
	"math"
	"slices"
	"sort"

	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/model"
)

// A valueCalls is the calls that wrote and read one value (Gibbons and Korach's cluster).
type valueCalls struct {
	writer      int32 // the call that wrote it; None for the initial value
	next        int32 // the swap that replaced it, or None
	first, last int32 // the reads of it that returned first and were invoked last, or None
	live        bool  // whether it was certainly written
	visited     bool
}

// A zone is the interval of a chain of values: no other
// chain may come between its calls. If the first return comes before the last
// invocation, the register held the chain all the time from f to s.
type zone struct {
	f, s     int   // first return, last invocation
	root     int32 // first value of the chain
	fOp, sOp int32 // the calls that f and s belong to, or None for the initial value
}

// A Conflict is why accesses contradict each other.
type Conflict struct {
	Ops     []int32 // indexes of calls that contradict each other on their own
	ThinAir int32   // index of a thin-air read, or None

	Minimal bool // whether none of the calls can be left out
}

// A zoning decides whether accesses to a register are linearizable, if every
// value was written once: Gibbons and Korach, Testing Shared Memories (1997),
// section 4.2, in O(n log n). It goes further than they do:
//
//   - An indeterminate write counts as not
//     happened if its value was never read, and as pending for ever otherwise.
//   - A swap comes right behind the value that it found, so the values of a chain of
//     swaps share one zone. Within a chain the order is given, and is compared
//     with real time in one pass.
//   - The initial value was written before everything.
//
// Chain A must come before chain B if a call of A returned before a call of B
// was invoked: if A.f < B.s. There is an order of the chains unless two of them
// must each come before the other. Proof: take a cycle of this relation, and the
// chain M in it with the largest s: the f of every chain of the cycle is less
// than the s of its successor, hence less than M.s, so each must come before M,
// and M before its successor.
//
// With lenient set, a value without a writer counts as written by a call that is not
// shown. Then leaving calls out can't make a contradiction.
type zoning struct {
	ops     []view.Access
	values  []valueCalls
	lenient bool
}

// Decide returns nil if the accesses are linearizable, else a conflict. It
// returns false if a value was written twice.
func Decide(ops []view.Access, values int, lenient bool) (*Conflict, bool) {
	z := zoning{ops: ops, values: make([]valueCalls, values), lenient: lenient}
	if !z.findWriters() {
		return nil, false
	}
	z.findLive()
	if c := z.findReaders(); c != nil {
		c.Ops = z.withEvidence(c.Ops)
		return c, true
	}
	zones, c := z.chains()
	if c == nil {
		c = z.overlap(zones)
	}
	if c != nil {
		c.Ops = z.withEvidence(c.Ops)
	}
	return c, true
}

// withEvidence adds the calls that show that the indeterminate ones among ops happened.
func (z *zoning) withEvidence(ops []int32) []int32 {
	for i := 0; i < len(ops); i++ {
		o := &z.ops[ops[i]]
		if o.Known {
			continue
		}
		if v := &z.values[o.Put]; v.first != model.None {
			ops = append(ops, v.first)
		} else if v.next != model.None {
			ops = append(ops, v.next)
		}
	}
	slices.Sort(ops)
	return slices.Compact(ops)
}

// findWriters sets the writer of each value. It returns false if a value has two, or
// if a call wrote the initial value.
func (z *zoning) findWriters() bool {
	for i := range z.values {
		z.values[i] = valueCalls{writer: model.None, next: model.None, first: model.None, last: model.None}
	}
	for i, o := range z.ops {
		if o.Put == model.None {
			continue
		}
		if o.Put == 0 || z.values[o.Put].writer != model.None {
			return false
		}
		z.values[o.Put].writer = int32(i)
	}
	return true
}

// findLive finds the values that were certainly written: those of completed writes, those
// that were read, and those that were swapped for them.
func (z *zoning) findLive() {
	z.values[0].live = true
	for _, o := range z.ops {
		if !o.Known {
			continue
		}
		if o.Put != model.None {
			z.values[o.Put].live = true
		}
		for v := o.Saw; v != model.None && !z.values[v].live; {
			z.values[v].live = true
			w := z.values[v].writer
			if w == model.None {
				break
			}
			v = z.ops[w].Saw
		}
	}
}

// happened reports whether a call counts.
func (z *zoning) happened(o view.Access) bool {
	return o.Known || o.Put != model.None && z.values[o.Put].live
}

// findReaders sets the readers of each value, and reports thin-air reads
// and values that were swapped twice: the first of them.
func (z *zoning) findReaders() (found *Conflict) {
	report := func(c Conflict) {
		if found == nil {
			found = &c
		}
	}
	for i, o := range z.ops {
		if o.Saw == model.None || !z.happened(o) {
			continue
		}
		v := &z.values[o.Saw]
		if v.writer == model.None && o.Saw != 0 && !z.lenient {
			report(Conflict{Ops: []int32{int32(i)}, ThinAir: int32(i)})
		}
		if o.Put != model.None {
			if v.next != model.None {
				report(Conflict{Ops: []int32{v.next, int32(i)}, ThinAir: model.None})
			}
			v.next = int32(i)
			continue
		}
		if v.first == model.None || o.Ret < z.ops[v.first].Ret {
			v.first = int32(i)
		}
		if v.last == model.None || o.Call > z.ops[v.last].Call {
			v.last = int32(i)
		}
	}
	return found
}

// isRoot reports whether a value starts a chain: it was not swapped for another.
func (z *zoning) isRoot(v *valueCalls) bool {
	return v.live && (v.writer == model.None || z.ops[v.writer].Saw == model.None)
}

// chains walks every chain of swaps from its root, compares its order with real
// time, and returns its zone.
func (z *zoning) chains() ([]zone, *Conflict) {
	roots := 0
	for i := range z.values {
		roots += view.BoolInt(z.isRoot(&z.values[i]))
	}
	zones := make([]zone, 0, roots)
	live, walked := 0, 0
	for i := range z.values {
		if z.values[i].live {
			live++
		}
		if !z.isRoot(&z.values[i]) {
			continue
		}
		zn, n, c := z.walk(int32(i))
		if c != nil {
			return nil, c
		}
		walked += n
		zones = append(zones, zn)
	}
	if walked < live {
		return nil, z.cycle()
	}
	return zones, nil
}

// walk follows the chain from its root on. It returns the zone of the chain and
// the number of its values.
func (z *zoning) walk(root int32) (zn zone, n int, c *Conflict) {
	zn = zone{f: math.MaxInt, s: math.MinInt, root: root, fOp: model.None, sOp: model.None}
	if root == 0 {
		zn.f = math.MinInt
	}
	visit := func(op int32) bool { // whether op may come after all calls before it
		o := &z.ops[op]
		if o.Ret < zn.s {
			return false
		}
		if o.Call > zn.s {
			zn.s, zn.sOp = o.Call, op
		}
		if o.Ret < zn.f {
			zn.f, zn.fOp = o.Ret, op
		}
		return true
	}
	for v := root; ; n++ {
		x := &z.values[v]
		x.visited = true
		if x.writer != model.None && !visit(x.writer) {
			return zn, n, &Conflict{Ops: z.segment(root, zn.sOp, x.writer), ThinAir: model.None}
		}
		if x.first != model.None {
			if !visit(x.first) {
				return zn, n, &Conflict{Ops: z.segment(root, zn.sOp, x.first), ThinAir: model.None}
			}
			visit(x.last)
		}
		if x.next == model.None {
			return zn, n + 1, nil
		}
		v = z.ops[x.next].Put
	}
}

// valueAt returns the value of a call's place in its chain.
func (z *zoning) valueAt(op int32) int32 {
	if o := z.ops[op]; o.Put != model.None {
		return o.Put
	}
	return z.ops[op].Saw
}

// segment returns two calls of a chain with those that wrote the values between
// them. Without a first call it starts at the root.
func (z *zoning) segment(root, a, b int32) []int32 {
	from := root
	if a != model.None {
		from = z.valueAt(a)
	}
	to := from
	if b != model.None {
		to = z.valueAt(b)
	}
	ops := []int32{a, b}
	seen := 0
	for v := root; ; v = z.ops[z.values[v].next].Put {
		if v == from || v == to {
			seen++
		}
		if seen > 0 {
			ops = append(ops, z.values[v].writer)
		}
		if seen == 2 || from == to && seen == 1 || z.values[v].next == model.None {
			break
		}
	}
	slices.Sort(ops)
	ops = slices.Compact(ops)
	if ops[0] == model.None {
		ops = ops[1:]
	}
	return ops
}

// cycle returns swaps each of which found what another of them put.
func (z *zoning) cycle() *Conflict {
	for i := range z.values {
		if !z.values[i].live || z.values[i].visited {
			continue
		}
		var ops []int32
		for v := int32(i); ; {
			w := z.values[v].writer
			ops = append(ops, w)
			if v = z.ops[w].Saw; v == int32(i) {
				return &Conflict{Ops: ops, ThinAir: model.None}
			}
		}
	}
	return nil
}

// overlap finds two chains that must each come before the other: two whose
// zones overlap, or one within the zone of another. It returns the pair
// that is complete first in the history.
func (z *zoning) overlap(zones []zone) *Conflict {
	n := 0
	for _, zn := range zones {
		n += view.BoolInt(zn.f < zn.s)
	}
	forward := make([]zone, 0, n)
	for _, zn := range zones {
		if zn.f < zn.s {
			forward = append(forward, zn)
		}
	}
	slices.SortFunc(forward, func(a, b zone) int {
		if a.f < b.f {
			return -1
		}
		return 1
	})
	var a, b zone
	shows := math.MaxInt
	add := func(x, y zone) {
		if at := max(x.s, y.s); at < shows {
			a, b, shows = x, y, at
		}
	}
	for i := 1; i < len(forward); i++ {
		if forward[i].f < forward[i-1].s {
			add(forward[i-1], forward[i])
		}
	}
	for _, zn := range zones {
		if zn.f < zn.s {
			continue
		}
		i := sort.Search(len(forward), func(i int) bool { return forward[i].f >= zn.s }) - 1
		if i >= 0 && zn.f < forward[i].s {
			add(forward[i], zn)
		}
	}
	if shows == math.MaxInt {
		return nil
	}
	ops := append(z.segment(a.root, a.fOp, a.sOp), z.segment(b.root, b.fOp, b.sOp)...)
	slices.Sort(ops)
	return &Conflict{Ops: slices.Compact(ops), ThinAir: model.None}
}

// Of decides calls by zones. It returns false if the model has no accesses, or a value was written twice.
func Of(s view.View, spans []view.Span, lenient bool) (*Conflict, bool) {
	if !s.Accessible() {
		return nil, false
	}
	ops, values, ok := s.Numbered(spans)
	if !ok {
		return nil, false
	}
	return Decide(ops, values, lenient)
}
