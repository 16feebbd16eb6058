package quorumkv

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func nodes(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprint("n", i+1))
	}
	return names
}

func TestRingPrefersEachNodeOnce(t *testing.T) {
	r := newRing(nodes(5), 8)
	for k := range 200 {
		list := r.preference(fmt.Sprint("k", k))
		sorted := slices.Sorted(slices.Values(list))
		require.Equal(t, []int{0, 1, 2, 3, 4}, sorted)
		require.Equal(t, list, newRing(nodes(5), 8).preference(fmt.Sprint("k", k)), "all nodes see the same")
	}
}

// TestRingSharesAndMovesLittle counts first homes: with many points every node gets its
// share, and a node that comes takes keys and moves no others.
func TestRingSharesAndMovesLittle(t *testing.T) {
	const keys = 2000
	five, six := newRing(nodes(5), 128), newRing(nodes(6), 128)
	share, moved := make([]int, 6), 0
	for k := range keys {
		key := fmt.Sprint("k", k)
		a, b := five.preference(key)[0], six.preference(key)[0]
		share[a]++
		if a != b {
			moved++
			require.Equal(t, 5, b, "to the new node only")
		}
	}
	for i := range 5 {
		assert.InDelta(t, keys/5, share[i], keys/10)
	}
	assert.InDelta(t, keys/6, moved, keys/12)
}

// grown returns the tree of some keys.
func grown(keys []string, hash func(key string) uint64) *tree {
	return newTree().grow(keys, func(key string) (uint64, uint64) { return place(key), hash(key) })
}

// TestTreesDifferWhereKeysDo goes down from the root to what differs.
func TestTreesDifferWhereKeysDo(t *testing.T) {
	var keys []string
	for k := range 500 {
		keys = append(keys, fmt.Sprint("k", k))
	}
	slices.Sort(keys)
	same := func(string) uint64 { return 7 }
	whole := grown(keys, same)
	assert.Equal(t, whole.levels, grown(keys, same).levels)
	for _, odd := range []string{"k0", "k77", "k499"} {
		for name, other := range map[string]*tree{
			"another value": grown(keys, func(key string) uint64 {
				if key == odd {
					return 8
				}
				return 7
			}),
			"no value": grown(slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return k == odd }), same),
		} {
			at := leafAt(place(odd))
			for level := depth; level >= 0; level-- {
				for i := range whole.levels[level] {
					require.Equal(t, i != at, whole.levels[level][i] == other.levels[level][i], "%s of %s: level %d, place %d", name, odd, level, i)
				}
				at /= fanout
			}
		}
	}
	assert.Equal(t, make([]uint64, leaves), grown(nil, same).levels[depth])
	assert.Zero(t, grown(nil, same).levels[0][0])
}
