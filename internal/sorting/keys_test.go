package sorting_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/internal/sorting"
)

func TestKeys(t *testing.T) {
	for _, m := range []map[string]int{nil, {}, {"b": 1, "a": 2, "": 3, "aa": 4}} {
		assert.Equal(t, slices.Sorted(maps.Keys(m)), sorting.Keys(m))
	}
}
