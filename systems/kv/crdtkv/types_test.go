package crdtkv

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/tier"
)

// A replica is a state that does random operations, and the deltas that they made.
type replica struct {
	id, dots uint64
	state    *state
	deltas   []*state
}

func (r *replica) step(rnd *rand.Rand) {
	key, value := string(rune('a'+rnd.IntN(3))), rnd.IntN(4)
	var d *state
	switch rnd.IntN(5) {
	case 0:
		d = r.state.count(r.id, key, rnd.IntN(7)-3)
	case 1, 2:
		r.dots++
		d = r.state.add(dot{r.id, r.dots}, key, value)
	case 3:
		d, _ = r.state.remove(key, value)
	default:
		r.dots++
		var seen []dot
		for _, t := range r.state.Registers[key] {
			seen = append(seen, t.Dot)
		}
		d = r.state.write(dot{r.id, r.dots}, key, value, seen)
	}
	r.deltas = append(r.deltas, d)
	r.state.merge(d, 0)
}

// newReplicas returns three replicas after random operations, some of which they have exchanged.
func newReplicas(seed uint64) (rs [3]*replica) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	for i := range rs {
		rs[i] = &replica{id: uint64(i + 1), state: newState()}
	}
	for range rnd.IntN(40) {
		i, j := rnd.IntN(3), rnd.IntN(3)
		if rnd.IntN(3) == 0 {
			rs[i].state.merge(rs[j].state, 0)
		} else {
			rs[i].step(rnd)
		}
	}
	return rs
}

// merged returns the states merged into the first, which stays as it is.
func merged(states ...*state) *state {
	s := newState()
	for _, x := range states {
		s.merge(x, 0)
	}
	return s
}

func same(t *testing.T, seed uint64, law string, want, got *state) {
	t.Helper()
	w, err := json.Marshal(want)
	require.NoError(t, err)
	g, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, string(w), string(g), "%s, seed %d", law, seed)
}

// TestMergeLaws has what makes replicas agree whatever the order in which they hear: states are a
// semilattice of which merge is the join, and operations go up in it (Shapiro et al. 2011,
// definition 2.3).
func TestMergeLaws(t *testing.T) {
	for seed := range uint64(3 * tier.Seeds(t, 10, 40)) {
		rs := newReplicas(seed)
		a, b, c := rs[0].state, rs[1].state, rs[2].state
		same(t, seed, "commutative", merged(a, b), merged(b, a))
		same(t, seed, "associative", merged(merged(a, b), c), merged(a, merged(b, c)))
		same(t, seed, "idempotent", a, merged(a, a))
		both := merged(a, b)
		same(t, seed, "an upper bound", both, merged(both, a))
		assert.False(t, both.clone().merge(a, 0), "what is known is no news")
		before := a.clone()
		rs[0].step(rand.New(rand.NewPCG(seed, 2)))
		same(t, seed, "operations inflate", a, merged(before, a))
		same(t, seed, "operations inflate", a, merged(a, before))
	}
}

// TestDeltaLaws has what lets deltas stand for states: to merge the delta of an operation is
// to carry it out, and all deltas together, in any groups and more than once, are the
// state (Almeida, Shoker and Baquero 2018, definitions 1 and 4).
func TestDeltaLaws(t *testing.T) {
	tier.SkipComputing(t)
	for seed := range uint64(3 * tier.Seeds(t, 10, 40)) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		r := &replica{id: 1, state: newState()}
		parts, group := newState(), newState()
		for range 30 {
			before := r.state.clone()
			r.step(rnd)
			d := r.deltas[len(r.deltas)-1]
			same(t, seed, "a delta carries out its operation", r.state, merged(before, d))
			group.merge(d, 0)
			if rnd.IntN(3) == 0 {
				parts.merge(group, 0)
				parts.merge(group, 0)
				group = newState()
			}
		}
		parts.merge(group, 0)
		same(t, seed, "intervals of deltas are the state", r.state, parts)
		same(t, seed, "the state is the sum of its deltas", r.state, merged(r.deltas...))
	}
}

// TestAddsWin has a remove meet an add that it has not seen.
func TestAddsWin(t *testing.T) {
	a, b := newState(), newState()
	a.merge(a.add(dot{1, 1}, "k", 7), 0)
	b.merge(a, 0)
	a.merge(a.add(dot{1, 2}, "k", 7), 0)
	d, removed := b.remove("k", 7)
	assert.Equal(t, []dot{{1, 1}}, removed)
	b.merge(d, 0)
	assert.Empty(t, b.Sets["k"].values())
	assert.Equal(t, []int{7}, merged(a, b).Sets["k"].values())
	gone, _ := a.remove("k", 7)
	a.merge(gone, 0)
	assert.Empty(t, merged(a, b).Sets["k"].values(), "what all have seen removed stays so")
}

func TestClocks(t *testing.T) {
	c := newClock(dot{2, 5}, dot{1, 3}, dot{1, 1})
	assert.True(t, c.has(dot{1, 1}) && c.has(dot{1, 3}) && c.has(dot{2, 5}))
	assert.False(t, c.has(dot{1, 2}) || c.has(dot{2, 4}))
	assert.True(t, c.add(dot{1, 2}))
	assert.False(t, c.add(dot{1, 2}))
	assert.Equal(t, uint64(3), c.UpTo[1], "they follow on each other")
	assert.Equal(t, []dot{{2, 5}}, c.Beyond)
}
