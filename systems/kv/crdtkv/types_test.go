package crdtkv

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/systems/internal/dots"
	"github.com/capsize-go/capsize/systems/internal/fields"
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
		d = r.state.add(dot{Actor: r.id, N: r.dots}, key, value)
	case 3:
		d, _ = r.state.remove(key, value)
	default:
		r.dots++
		var seen []dot
		for _, t := range r.state.registers.get(key) {
			seen = append(seen, t.dot)
		}
		d = r.state.write(dot{Actor: r.id, N: r.dots}, key, value, seen)
	}
	r.deltas = append(r.deltas, d)
	r.state.merge(d, 0)
}

// newReplicas returns three replicas after random operations, some of which they have exchanged.
func newReplicas(seed uint64) (rs [3]*replica) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	for i := range rs {
		rs[i] = &replica{id: uint64(i + 1), state: &state{}}
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
	s := &state{}
	for _, x := range states {
		s.merge(x, 0)
	}
	return s
}

// same requires that two states are equal. Equal states have equal records, as those are what nodes compare.
func same(t *testing.T, seed uint64, law string, want, got *state) {
	t.Helper()
	require.Equal(t, want.counters, got.counters, "%s, seed %d", law, seed)
	require.ElementsMatch(t, want.sets, got.sets, "%s, seed %d", law, seed)
	require.ElementsMatch(t, want.registers, got.registers, "%s, seed %d", law, seed)
	require.True(t, want.seen.Equal(got.seen), "%s, seed %d", law, seed)
	require.Equal(t, record(want), record(got), "%s, seed %d", law, seed)
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
		assert.Nil(t, both.clone().merge(a, 0), "what is known is no news")
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
		r := &replica{id: 1, state: &state{}}
		parts, group := &state{}, &state{}
		for range 30 {
			before := r.state.clone()
			r.step(rnd)
			d := r.deltas[len(r.deltas)-1]
			same(t, seed, "a delta carries out its operation", r.state, merged(before, d))
			group.merge(d, 0)
			if rnd.IntN(3) == 0 {
				parts.merge(group, 0)
				parts.merge(group, 0)
				group = &state{}
			}
		}
		parts.merge(group, 0)
		same(t, seed, "intervals of deltas are the state", r.state, parts)
		same(t, seed, "the state is the sum of its deltas", r.state, merged(r.deltas...))
	}
}

// TestAddsWin has a remove meet an add that it has not seen.
func TestAddsWin(t *testing.T) {
	a, b := &state{}, &state{}
	a.merge(a.add(dot{Actor: 1, N: 1}, "k", 7), 0)
	b.merge(a, 0)
	a.merge(a.add(dot{Actor: 1, N: 2}, "k", 7), 0)
	d, removed := b.remove("k", 7)
	assert.Equal(t, []dot{{Actor: 1, N: 1}}, removed)
	b.merge(d, 0)
	assert.Empty(t, b.sets.get("k").values())
	assert.Equal(t, []int{7}, merged(a, b).sets.get("k").values())
	gone, _ := a.remove("k", 7)
	a.merge(gone, 0)
	assert.Empty(t, merged(a, b).sets.get("k").values(), "what all have seen removed stays so")
}

// TestNews has what lets a node forward only what was new to it of a delta: a replica that has what the node had before becomes
// equal to it by that alone, and the node had nothing of it.
func TestNews(t *testing.T) {
	tier.SkipComputing(t)
	news, less := 0, 0
	for seed := range uint64(3 * tier.Seeds(t, 10, 40)) {
		rs := newReplicas(seed)
		for _, from := range rs {
			for _, to := range rs {
				had, whole := to.state.clone(), merged(to.state, from.state)
				n := to.state.merge(from.state, 0)
				same(t, seed, "a merge", whole, to.state)
				if n == nil {
					same(t, seed, "without news nothing changes", had, to.state)
					continue
				}
				news++
				same(t, seed, "the news make it as great", whole, merged(had, n))
				same(t, seed, "and are in what was sent", from.state, merged(from.state, n))
				again := had.merge(n, 0)
				same(t, seed, "all of them is new", n, again)
				if len(record(n)) < len(record(from.state)) {
					less++
				}
			}
		}
	}
	assert.Positive(t, news)
	assert.Greater(t, 2*less, news, "most are less than what was sent")
}

// TestRecords reads what a node writes, and all beginnings of it, none of which is whole.
func TestRecords(t *testing.T) {
	for seed := range uint64(10) {
		s := newReplicas(seed)[0].state
		rec := record(s)
		got, err := decode(rec)
		require.NoError(t, err)
		same(t, seed, "a record", s, got)
		for n := 1; n < len(rec); n++ {
			_, err := decode(rec[:n])
			require.ErrorIs(t, err, fields.ErrShort, "%d bytes of %d", n, len(rec))
		}
	}
}

func TestAlive(t *testing.T) {
	s := &state{}
	s.merge(s.add(dot{Actor: 1, N: 1}, "k", 7), 0)
	s.merge(s.write(dot{Actor: 1, N: 2}, "r", 8, nil), 0)
	s.merge(s.write(dot{Actor: 1, N: 3}, "r", 9, []dot{{Actor: 1, N: 2}}), 0)
	assert.True(t, s.alive().Equal(dots.Of(dot{Actor: 1, N: 1}, dot{Actor: 1, N: 3})))
}
