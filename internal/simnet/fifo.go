package simnet

// A fifo is a queue that reuses its memory. It has functions and no methods: methods of types with parameters are
// compiled again in each package that uses a type with such a field, and all users of package cluster do.
type fifo[T any] struct {
	items []T
	head  int
}

func length[T any](q *fifo[T]) int { return len(q.items) - q.head }

func push[T any](q *fifo[T], v T) { q.items = append(q.items, v) }

// first and last return where items are, to be looked at and changed.
func first[T any](q *fifo[T]) *T { return &q.items[q.head] }
func last[T any](q *fifo[T]) *T  { return &q.items[len(q.items)-1] }

// pop removes the first item. It moves the others to the front when half of the memory is
// unused, so that a pop takes constant time on average.
func pop[T any](q *fifo[T]) T {
	v := q.items[q.head]
	clear(q.items[q.head : q.head+1])
	q.head++
	if q.head > len(q.items)/2 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return v
}

// all returns the items, in order. It is good until the next push or pop.
func all[T any](q *fifo[T]) []T { return q.items[q.head:] }
