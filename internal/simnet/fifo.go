package simnet

// A fifo is a queue that uses its memory again.
type fifo[T any] struct {
	items []T
	head  int
}

func (q *fifo[T]) len() int { return len(q.items) - q.head }

func (q *fifo[T]) push(v T) { q.items = append(q.items, v) }

// first and last return where items are, to be looked at and changed.
func (q *fifo[T]) first() *T { return &q.items[q.head] }
func (q *fifo[T]) last() *T  { return &q.items[len(q.items)-1] }

func (q *fifo[T]) pop() T {
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
func (q *fifo[T]) all() []T { return q.items[q.head:] }
