package ddmin_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/internal/ddmin"
)

// needs returns what fails if it has all of some items.
func needs(all ...int) func([]int) ([]int, bool) {
	return func(rest []int) ([]int, bool) {
		for _, n := range all {
			if !slices.Contains(rest, n) {
				return rest, false
			}
		}
		return rest, true
	}
}

func numbers(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

func TestMinimise(t *testing.T) {
	for n := range 40 {
		assert.Empty(t, ddmin.Minimise(numbers(n), needs(), ddmin.Options{}), n)
		for i := range n {
			for j := range i {
				assert.Equal(t, []int{j, i}, ddmin.Minimise(numbers(n), needs(j, i), ddmin.Options{}))
				assert.Equal(t, []int{j, i}, ddmin.Minimise(numbers(n), needs(j, i), ddmin.Options{Once: true}))
			}
		}
	}
}

// A failure that is not monotonic: 0 can go only when all others have.
func TestMinimiseAgain(t *testing.T) {
	fails := func(rest []int) ([]int, bool) { return rest, slices.Contains(rest, 0) || len(rest) < 2 }
	assert.Empty(t, ddmin.Minimise([]int{0, 1, 2}, fails, ddmin.Options{}))
	even := func(rest []int) ([]int, bool) { // 4 can go only after 5
		return rest, slices.Contains(rest, 4) || !slices.Contains(rest, 5)
	}
	assert.Empty(t, ddmin.Minimise([]int{4, 5}, even, ddmin.Options{}))
	assert.Equal(t, []int{4}, ddmin.Minimise([]int{4, 5}, even, ddmin.Options{Once: true}))
}

// What has lost its sense goes along.
func TestMinimiseFewer(t *testing.T) {
	tried := 0
	pairs := func(rest []int) ([]int, bool) { // 2n+1 means nothing without 2n
		tried++
		rest = slices.DeleteFunc(slices.Clone(rest), func(n int) bool { return n%2 == 1 && !slices.Contains(rest, n-1) })
		return rest, slices.Contains(rest, 7)
	}
	assert.Equal(t, []int{6, 7}, ddmin.Minimise(numbers(20), pairs, ddmin.Options{}))
	assert.Positive(t, tried)
}

func TestMinimiseStops(t *testing.T) {
	tried := 0
	got := ddmin.Minimise(numbers(64), func(rest []int) ([]int, bool) { tried++; return rest, slices.Contains(rest, 63) },
		ddmin.Options{Stop: func() bool { return tried == 2 }})
	assert.Equal(t, 2, tried)
	assert.Len(t, got, 32)
}
