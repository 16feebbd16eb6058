// Package fixture holds iterations in the order of a map.
package fixture

import (
	"maps"
	"slices"
	"sync"
)

type set map[string]bool

func iterations(m map[string]int, s set, list []int) (sum int, names []string) {
	for k := range m {
		names = append(names, k)
	}
	for _, v := range m {
		names = append(names, string(rune(v)))
	}
	for range m {
		sum++
	}
	for _, v := range list {
		sum += v
	}
	for k := range s {
		names = append(names, k)
	}
	for _, v := range m { // order: a sum is the same in any
		sum += v
	}
	// order: a sum is the same in any, and this explanation of it
	// takes two lines.
	for _, v := range m {
		sum += v
	}
	// order: whatever
	for _, v := range m {
		sum += v
	}
	return sum, names
}

func libraries(m map[string]int, s *sync.Map) []string {
	s.Range(func(any, any) bool { return true })
	for _, k := range slices.Sorted(maps.Keys(m)) {
		s.Store(k, m[k])
	}
	for k := range maps.Keys(m) {
		s.Store(k, 0)
	}
	return slices.Collect(maps.Keys(m))
}

func generic[M ~map[K]V, K comparable, V any](m M) (keys []K) {
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}
