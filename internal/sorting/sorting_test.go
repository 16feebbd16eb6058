package sorting_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/sorting"
)

// TestAsSlicesDoes sorts elements of which many are equal, few and many, in the order that package slices leaves them in.
func TestAsSlicesDoes(t *testing.T) {
	type element struct {
		key, at int
		name    string
	}
	by := func(a, b element) int { return cmp.Compare(a.key, b.key) }
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		all := make([]element, n)
		for i := range all {
			all[i] = element{key: r.IntN(n/3 + 1), at: i, name: "e"}
		}
		want, got := slices.Clone(all), slices.Clone(all)
		slices.SortFunc(want, by)
		sorting.Func(got, by)
		require.Equal(t, want, got)

		want, got = slices.Clone(all), slices.Clone(all)
		slices.SortStableFunc(want, by)
		sorting.Stable(got, by)
		require.Equal(t, want, got)
	}
}
