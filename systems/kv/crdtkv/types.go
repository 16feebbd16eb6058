package crdtkv

import (
	"cmp"
	"slices"

	"github.com/capsize-go/capsize/systems/internal/dots"
)

// A count is how much one replica has added.
type count struct{ replica, n uint64 }

// A gcounter is a counter that only grows: how much each replica has added, sorted by replica. The
// greater of two numbers of one replica is the later, so to merge twice does no harm
// (Shapiro et al. 2011, §3.1.1). It is shared, and never changed.
type gcounter []count

// of returns how much a replica has added.
func (c gcounter) of(replica uint64) uint64 {
	if i, ok := c.find(replica); ok {
		return c[i].n
	}
	return 0
}

func (c gcounter) find(replica uint64) (at int, ok bool) {
	return slices.BinarySearchFunc(c, replica, func(x count, replica uint64) int { return cmp.Compare(x.replica, replica) })
}

// merge takes the greater number of each replica, and returns those that it has taken from d.
func (c gcounter) merge(d gcounter, bugs Bug) (merged, news gcounter) {
	merged = c
	for _, x := range d {
		at, known := merged.find(x.replica)
		y := x
		switch {
		case bugs&DoubleGossip != 0:
			y.n += merged.of(x.replica)
		case known && x.n <= merged[at].n || x.n == 0:
			continue
		}
		if news == nil {
			merged = slices.Clone(merged)
		}
		if news = append(news, x); known {
			merged[at] = y
		} else {
			merged = slices.Insert(merged, at, y)
		}
	}
	return merged, news
}

func (c gcounter) sum() (total int) {
	for _, x := range c {
		total += int(x.n)
	}
	return total
}

// A pncounter is two that only grow: what was added, and what was taken away (§3.1.3).
type pncounter struct{ p, n gcounter }

// A dot names an add or a write: the n-th of a replica.
type dot = dots.Dot

// A tagged value is a value with the dot of the event that put it there: of the add of an element of a
// set, or of the write of a register.
type tagged struct {
	dot   dot
	value int
}

// A bag is the values of one key, sorted by their dots. As an observed-remove set its elements
// are the values, each as often as it was added; as a multi-value register, the values that no
// other was written in the place of. It is shared, and never changed.
type bag []tagged

// merge keeps what both have, and what one has that the other has not seen: what it has seen and does not have was taken
// away. It returns what is gone by that, and what is fresh.
func (b bag) merge(seen dots.Set, o bag, oSeen dots.Set, bugs Bug) (merged, gone, fresh bag) {
	for i := 0; i < len(b) && len(oSeen) > 0; { // both are sorted
		t, x := b[i], oSeen[0]
		switch {
		case x.Actor < t.dot.Actor || x.Actor == t.dot.Actor && x.To < t.dot.N:
			oSeen = oSeen[1:]
			continue
		case x.Actor == t.dot.Actor && x.From <= t.dot.N && !o.has(t.dot):
			gone = append(gone, t)
		}
		i++
	}
	for _, t := range o {
		if !seen.Has(t.dot) {
			fresh = append(fresh, t)
		}
	}
	if gone == nil && fresh == nil {
		return b, nil, nil
	}
	merged = make(bag, 0, len(b)+len(fresh))
	for _, t := range b {
		if !gone.has(t.dot) && (bugs&RemoveWins == 0 || gone.dots(t.value) == nil) {
			merged = append(merged, t)
		}
	}
	for _, t := range fresh {
		at, _ := merged.find(t.dot)
		merged = slices.Insert(merged, at, t)
	}
	return merged, gone, fresh
}

func (b bag) find(d dot) (at int, ok bool) {
	return slices.BinarySearchFunc(b, d, func(t tagged, d dot) int { return t.dot.Compare(d) })
}

func (b bag) has(d dot) bool {
	_, ok := b.find(d)
	return ok
}

// dots returns the dots of a value.
func (b bag) dots(value int) (dots []dot) {
	for _, t := range b {
		if t.value == value {
			dots = append(dots, t.dot)
		}
	}
	return dots
}

// values returns the values, sorted, each once.
func (b bag) values() []int {
	values := make([]int, 0, len(b))
	for _, t := range b {
		values = append(values, t.value)
	}
	slices.Sort(values)
	return slices.Compact(values)
}
