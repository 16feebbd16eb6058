// Package agenda keeps what is to happen, in the order of its instants.
package agenda

import "time"

// An Agenda is a queue of items in the order of their instants. Those of one instant come in the order in which they were added.
// The zero value is empty.
//
// What is due soon is in a small heap. What is due later waits in a wheel of slots (Varghese and Lauck 1987), unsorted, until
// its slot is due: most of it are timers, most of which are stopped before that.
type Agenda[T any] struct {
	// Stale reports whether an item is to be dropped without being taken, and may take note of it. It is asked when the slot of
	// the item is due. Optional.
	Stale func(item T) bool

	soon  heap[T]           // in ticks up to tick
	tick  int64             // the last one that is in soon
	slots [slots][]entry[T] // in the ticks after that, one each
	later int               // how many are in slots
	far   heap[T]           // in ticks after those
	seq   uint64
}

const (
	tickBits = 22 // a tick is about four milliseconds
	slots    = 128
)

type entry[T any] struct {
	at   time.Duration
	seq  uint64
	item T
}

func (e *entry[T]) before(o *entry[T]) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

func (e *entry[T]) tick() int64 { return int64(e.at) >> tickBits }

// Len returns how many items there are, at most: some may be stale.
func (a *Agenda[T]) Len() int { return len(a.soon) + a.later + len(a.far) }

// Next returns the instant of the first item, and whether there is one.
func (a *Agenda[T]) Next() (at time.Duration, ok bool) {
	if len(a.soon) == 0 && !a.advance() {
		return 0, false
	}
	return a.soon[0].at, true
}

// Add adds an item.
func (a *Agenda[T]) Add(at time.Duration, item T) {
	a.seq++
	a.add(entry[T]{at, a.seq, item})
}

func (a *Agenda[T]) add(e entry[T]) {
	switch t := e.tick(); {
	case t <= a.tick:
		a.soon.add(e)
	case t <= a.tick+slots:
		s := &a.slots[t%slots]
		*s = append(*s, e)
		a.later++
	default:
		a.far.add(e)
	}
}

// Take removes the first item. [Agenda.Next] must have said that there is one.
func (a *Agenda[T]) Take() T { return a.soon.take().item }

// advance moves on to the next tick with items. It reports false if there is none.
func (a *Agenda[T]) advance() bool {
	for len(a.soon) == 0 {
		if a.later == 0 {
			if len(a.far) == 0 {
				return false
			}
			a.tick = a.far[0].tick() - 1
		}
		a.tick++
		due := a.slots[a.tick%slots]
		a.later -= len(due)
		for i := range due {
			if a.Stale == nil || !a.Stale(due[i].item) {
				a.soon.add(due[i])
			}
		}
		clear(due)
		a.slots[a.tick%slots] = due[:0]
		for len(a.far) > 0 && a.far[0].tick() <= a.tick+slots {
			a.add(a.far.take())
		}
	}
	return true
}

// Clear removes all items.
func (a *Agenda[T]) Clear() { *a = Agenda[T]{Stale: a.Stale, tick: a.tick, seq: a.seq} }

// A heap has four children to a node: it is shallower than with two, and the four lie side by side in memory.
type heap[T any] []entry[T]

func (p *heap[T]) add(e entry[T]) {
	h := append(*p, e)
	*p = h
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(&h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = e
}

func (p *heap[T]) take() entry[T] {
	h := *p
	top, last := h[0], h[len(h)-1]
	h[len(h)-1] = entry[T]{}
	h = h[:len(h)-1]
	*p = h
	i := 0
	for {
		least := 4*i + 1
		if least >= len(h) {
			break
		}
		for c := least + 1; c < min(4*i+5, len(h)); c++ {
			if h[c].before(&h[least]) {
				least = c
			}
		}
		if !h[least].before(&last) {
			break
		}
		h[i] = h[least]
		i = least
	}
	if len(h) > 0 {
		h[i] = last
	}
	return top
}
