// Package sorting sorts as package slices does, and compiles faster: for each type of element, slices.SortFunc and
// slices.SortStableFunc are compiled once more in each package that sorts such elements, which is ten kilobytes of
// machine code, while these share what package sort has. They are slower: what sorts many elements often uses
// package slices.
package sorting

import (
	"cmp"
	"sort"
)

// Func sorts s as slices.SortFunc does. It leaves equal elements in the same order as that.
func Func[E any](s []E, cmp func(a, b E) int) {
	sort.Slice(s, func(i, j int) bool { return cmp(s[i], s[j]) < 0 })
}

// Ordered sorts s as slices.Sort does.
func Ordered[E cmp.Ordered](s []E) { Func(s, cmp.Compare[E]) }

// Keys returns the keys of a map in ascending order, as slices.Sorted(maps.Keys(m)) does.
func Keys[K cmp.Ordered, V any](m map[K]V) []K {
	var all []K
	for k := range m {
		all = append(all, k)
	}
	Ordered(all)
	return all
}

// Stable sorts s as slices.SortStableFunc does.
func Stable[E any](s []E, cmp func(a, b E) int) {
	sort.SliceStable(s, func(i, j int) bool { return cmp(s[i], s[j]) < 0 })
}
