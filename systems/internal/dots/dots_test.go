package dots_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/systems/internal/dots"
	"github.com/capsize-go/capsize/systems/internal/fields"
)

// some returns a set of dots, in two ways, and the same as a map.
func some(r *rand.Rand) (s, again dots.Set, m map[dots.Dot]bool) {
	var all []dots.Dot
	m = map[dots.Dot]bool{}
	for range r.IntN(8) {
		d := dots.Dot{Actor: uint64(r.IntN(3)), N: uint64(1 + r.IntN(6))}
		s, all, m[d] = s.With(d), append(all, d), true
	}
	return s, dots.Of(all...), m
}

// TestSets compares sets of dots with maps.
func TestSets(t *testing.T) {
	tier.SkipComputing(t)
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		a, same, am := some(r)
		b, _, bm := some(r)
		require.True(t, a.Equal(same), "%v and %v", a, same)
		before := slices.Clone(a)
		u, m := a.Union(b), a.Minus(b)
		covers := true
		for actor := range uint64(3) {
			last := uint64(0)
			for n := range uint64(8) {
				d := dots.Dot{Actor: actor, N: n}
				require.Equal(t, am[d], a.Has(d), "%v in %v", d, a)
				require.Equal(t, am[d] || bm[d], u.Has(d), "%v in %v and %v", d, a, b)
				require.Equal(t, am[d] && !bm[d], m.Has(d), "%v in %v without %v", d, a, b)
				covers = covers && (am[d] || !bm[d])
				if am[d] {
					last = n
				}
			}
			require.Equal(t, last, a.Last(actor))
		}
		require.Equal(t, covers, a.Covers(b), "%v covers %v", a, b)
		require.True(t, u.Equal(b.Union(a)), "there is one form only")
		require.True(t, u.Equal(u.Union(a)))
		require.True(t, u.Equal(m.Union(b)), "%v without %v", a, b)
		require.Equal(t, before, a, "nothing is changed")
		rd := fields.Reader{B: u.Append(nil)}
		require.True(t, u.Equal(dots.Read(&rd)))
		require.NoError(t, rd.Err)
	}
	last := dots.Dot{Actor: 1, N: 4}
	assert.True(t, last.All().Has(dots.Dot{Actor: 1, N: 1}))
	assert.Len(t, last.All().With(dots.Dot{Actor: 1, N: 5}), 1, "spans that touch are one")
	assert.Negative(t, last.Compare(dots.Dot{Actor: 1, N: 5}))
	assert.Positive(t, last.Compare(dots.Dot{N: 9}))
}
