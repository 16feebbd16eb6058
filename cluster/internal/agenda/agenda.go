// Package agenda keeps what is to happen, in the order of its instants.
package agenda

import "time"

// An Agenda is a heap of items. Those of one instant come in the order in which they were added. The zero value is empty.
//
// It has four children to a node: shallower than two, and the four lie side by side in memory.
type Agenda[T any] struct {
	heap []entry[T]
	seq  uint64
}

type entry[T any] struct {
	at   time.Duration
	seq  uint64
	item T
}

func (e *entry[T]) before(o *entry[T]) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

// Len returns how many items there are.
func (a *Agenda[T]) Len() int { return len(a.heap) }

// Next returns the instant of the first item. There must be one.
func (a *Agenda[T]) Next() time.Duration { return a.heap[0].at }

// Add adds an item.
func (a *Agenda[T]) Add(at time.Duration, item T) {
	a.seq++
	e := entry[T]{at, a.seq, item}
	a.heap = append(a.heap, e)
	h, i := a.heap, len(a.heap)-1
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

// Take removes the first item. There must be one.
func (a *Agenda[T]) Take() T {
	h := a.heap
	top, last := h[0].item, h[len(h)-1]
	h[len(h)-1] = entry[T]{}
	h = h[:len(h)-1]
	a.heap = h
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

// Clear removes all items.
func (a *Agenda[T]) Clear() { a.heap = nil }
