package crdtkv

import (
	"cmp"
	"slices"

	"github.com/capsize-go/capsize/internal/sorting"
)

// A gcounter is a counter that only grows: how much each replica has added. The
// greater of two numbers of one replica is the later, so to merge twice does no harm
// (Shapiro et al. 2011, §3.1.1).
type gcounter map[uint64]uint64

func (c gcounter) merge(d gcounter, bugs Bug) (grown bool) {
	for replica, n := range d { // order: each replica on its own
		if bugs&DoubleGossip != 0 {
			c[replica] += n
			grown = true
		} else if n > c[replica] {
			c[replica] = n
			grown = true
		}
	}
	return grown
}

func (c gcounter) sum() (total int) {
	for _, n := range c { // order: a sum is the same in any
		total += int(n)
	}
	return total
}

// A pncounter is two that only grow: what was added, and what was taken away (§3.1.3).
type pncounter struct{ P, N gcounter }

func (c pncounter) merge(d pncounter, bugs Bug) (grown bool) {
	p, n := c.P.merge(d.P, bugs), c.N.merge(d.N, bugs)
	return p || n
}

// A dot names an event: the n-th of a replica.
type dot struct{ Replica, N uint64 }

func compareDots(a, b dot) int {
	return cmp.Or(cmp.Compare(a.Replica, b.Replica), cmp.Compare(a.N, b.N))
}

// A clock is a set of dots: those that were seen. Of each replica those up to a number
// are there, and others beyond it, sorted (Almeida, Shoker and Baquero 2018, §7.2).
type clock struct {
	UpTo   map[uint64]uint64
	Beyond []dot `json:",omitempty"`
}

func newClock(dots ...dot) clock {
	c := clock{UpTo: map[uint64]uint64{}}
	for _, d := range dots {
		c.add(d)
	}
	return c
}

func (c *clock) has(d dot) bool {
	if d.N <= c.UpTo[d.Replica] {
		return true
	}
	_, ok := slices.BinarySearchFunc(c.Beyond, d, compareDots)
	return ok
}

func (c *clock) add(d dot) (grown bool) {
	if c.has(d) {
		return false
	}
	at, _ := slices.BinarySearchFunc(c.Beyond, d, compareDots)
	c.Beyond = slices.Insert(c.Beyond, at, d)
	c.compact(d.Replica)
	return true
}

// compact moves dots that follow on those up to a number there.
func (c *clock) compact(replica uint64) {
	if len(c.Beyond) == 0 {
		return
	}
	c.Beyond = slices.DeleteFunc(c.Beyond, func(d dot) bool {
		if d.Replica == replica && d.N == c.UpTo[replica]+1 {
			c.UpTo[replica]++
		}
		return d.Replica == replica && d.N <= c.UpTo[replica]
	})
}

func (c *clock) merge(o clock) (grown bool) {
	for replica, n := range o.UpTo { // order: each replica on its own
		if n > c.UpTo[replica] {
			c.UpTo[replica] = n
			c.compact(replica)
			grown = true
		}
	}
	for _, d := range o.Beyond {
		if c.add(d) {
			grown = true
		}
	}
	return grown
}

// A tagged value is one that an event put there: an element of a set that is there because of an
// add, or a value of a register because of a write.
type tagged struct {
	Dot   dot
	Value int
}

// A bag is the values of one key, by their dots. As an observed-remove set its elements
// are the values, each as often as it was added; as a multi-value register, the values that no
// other was written in the place of.
type bag []tagged

// merge keeps what both have, and what one has that the other has not seen: what it
// has seen and does not have was taken away.
func (b bag) merge(seen clock, o bag, oSeen clock, bugs Bug) (merged bag, changed bool) {
	var gone, fresh bag
	for _, t := range b {
		if oSeen.has(t.Dot) && !o.has(t.Dot) {
			gone = append(gone, t)
		}
	}
	for _, t := range o {
		if !seen.has(t.Dot) {
			fresh = append(fresh, t)
		}
	}
	if gone == nil && fresh == nil {
		return b, false
	}
	for _, t := range b {
		if !gone.has(t.Dot) && (bugs&RemoveWins == 0 || gone.dots(t.Value) == nil) {
			merged = append(merged, t)
		}
	}
	merged = append(merged, fresh...)
	sorting.Func(merged, func(x, y tagged) int { return compareDots(x.Dot, y.Dot) })
	return merged, true
}

func (b bag) has(d dot) bool {
	return slices.ContainsFunc(b, func(t tagged) bool { return t.Dot == d })
}

// dots returns the dots of a value.
func (b bag) dots(value int) (dots []dot) {
	for _, t := range b {
		if t.Value == value {
			dots = append(dots, t.Dot)
		}
	}
	return dots
}

// values returns the values, sorted, each once.
func (b bag) values() []int {
	values := []int{}
	for _, t := range b {
		values = append(values, t.Value)
	}
	sorting.Ordered(values)
	return slices.Compact(values)
}

// A state is all that a replica has: a product of types that merge, which merges by its
// parts. A delta is a state too: a small one, that says what an operation changed.
type state struct {
	Counters  map[string]pncounter
	Sets      map[string]bag
	Registers map[string]bag
	Seen      clock // the dots of all adds and writes that it knows of, also of those that are gone
}

func newState() *state {
	return &state{map[string]pncounter{}, map[string]bag{}, map[string]bag{}, newClock()}
}

// merge joins d into s, and reports whether s has grown by it. It keeps nothing of d.
func (s *state) merge(d *state, bugs Bug) (grown bool) {
	for key, c := range d.Counters { // order: each key on its own
		own, ok := s.Counters[key]
		if !ok {
			own = pncounter{gcounter{}, gcounter{}}
			s.Counters[key] = own
		}
		if own.merge(c, bugs) {
			grown = true
		}
	}
	if s.mergeBags(s.Sets, d.Sets, d.Seen, bugs) {
		grown = true
	}
	if s.mergeBags(s.Registers, d.Registers, d.Seen, bugs) {
		grown = true
	}
	if s.Seen.merge(d.Seen) {
		grown = true
	}
	return grown
}

func (s *state) mergeBags(bags, others map[string]bag, seen clock, bugs Bug) (changed bool) {
	for key, b := range bags { // order: each key on its own
		if merged, ok := b.merge(s.Seen, others[key], seen, bugs); ok {
			bags[key] = merged
			changed = true
		}
	}
	for key, o := range others { // order: each key on its own
		if _, ok := bags[key]; ok {
			continue
		}
		if merged, ok := bag(nil).merge(s.Seen, o, seen, bugs); ok {
			bags[key] = merged
			changed = true
		}
	}
	for key, b := range bags { // order: each key on its own
		if len(b) == 0 {
			delete(bags, key)
		}
	}
	return changed
}

func (s *state) clone() *state {
	c := newState()
	c.merge(s, 0)
	return c
}

// Each operation returns the delta that carries it out, and changes nothing.

// count adds n to a counter, or takes -n away.
func (s *state) count(replica uint64, key string, n int) *state {
	d := newState()
	c := pncounter{gcounter{}, gcounter{}}
	if n >= 0 {
		c.P[replica] = s.Counters[key].P[replica] + uint64(n)
	} else {
		c.N[replica] = s.Counters[key].N[replica] + uint64(-n)
	}
	d.Counters[key] = c
	return d
}

// add puts an element into a set, under a dot that nothing else has.
func (s *state) add(at dot, key string, element int) *state {
	d := newState()
	d.Sets[key] = bag{{at, element}}
	d.Seen.add(at)
	return d
}

// remove takes away what this replica has seen of an element.
func (s *state) remove(key string, element int) (d *state, removed []dot) {
	d = newState()
	removed = s.Sets[key].dots(element)
	d.Seen = newClock(removed...)
	return d, removed
}

// write puts a value into a register, in the place of those that the writer has seen.
func (s *state) write(at dot, key string, value int, seen []dot) *state {
	d := newState()
	d.Registers[key] = bag{{at, value}}
	d.Seen = newClock(append([]dot{at}, seen...)...)
	return d
}

// alive returns the dots of what is there.
func (s *state) alive() clock {
	c := newClock()
	for _, bags := range []map[string]bag{s.Sets, s.Registers} {
		for _, b := range bags { // order: a set of dots is the same in any
			for _, t := range b {
				c.add(t.Dot)
			}
		}
	}
	return c
}
