package crdtkv

import (
	"cmp"
	"slices"
)

// A table has values by key, sorted. What it holds is shared and never changed, so a copy of its rows is a copy of all.
type table[V any] []row[V]

type row[V any] struct {
	key   string
	value V
}

func (t table[V]) find(key string) (at int, ok bool) {
	return slices.BinarySearchFunc(t, key, func(r row[V], key string) int { return cmp.Compare(r.key, key) })
}

// get returns the value of a key, the zero value if it has none.
func (t table[V]) get(key string) (value V) {
	if at, ok := t.find(key); ok {
		value = t[at].value
	}
	return value
}

func (t *table[V]) set(key string, value V) {
	at, ok := t.find(key)
	if !ok {
		*t = slices.Insert(*t, at, row[V]{key: key})
	}
	(*t)[at].value = value
}

func (t *table[V]) remove(key string) {
	if at, ok := t.find(key); ok {
		*t = slices.Delete(*t, at, at+1)
	}
}
