package twopc

import "slices"

// A table has something of transactions, in the order in which it was put in.
type table[V any] struct {
	by    map[id]V
	order []id
}

func newTable[V any]() table[V] { return table[V]{by: map[id]V{}} }

func (t *table[V]) put(i id, v V) {
	if _, there := t.by[i]; !there {
		t.order = append(t.order, i)
	}
	t.by[i] = v
}

func (t *table[V]) remove(i id) {
	if _, there := t.by[i]; there {
		delete(t.by, i)
		t.order = slices.DeleteFunc(t.order, func(x id) bool { return x == i })
	}
}

// ids returns the transactions. The table may be changed while they are gone through.
func (t *table[V]) ids() []id { return slices.Clone(t.order) }
