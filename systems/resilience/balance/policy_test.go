package balance_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/systems/resilience/balance"
)

func candidates(inFlight ...int) (all []balance.Candidate) {
	for i, n := range inFlight {
		all = append(all, balance.Candidate{Node: balance.Backend(i), InFlight: n, Weight: 1})
	}
	return all
}

// TestRoundRobin has each backend get its share, evenly spread: nginx's own example of weights 5, 1, 1 gives a a b a c a a.
func TestRoundRobin(t *testing.T) {
	among := candidates(0, 0, 0)
	among[0].Weight = 5
	p := balance.RoundRobin()
	var order []string
	for range 14 {
		order = append(order, string("abc"[p.Pick(balance.Pick{}, among)]))
	}
	require.Equal(t, "a a b a c a a a a b a c a a", strings.Join(order, " "))
}

func TestLeastConnections(t *testing.T) {
	p := balance.LeastConnections()
	require.Equal(t, 2, p.Pick(balance.Pick{}, candidates(3, 2, 0, 1)))
	heavy := candidates(3, 1)
	heavy[0].Weight = 4
	require.Equal(t, 0, p.Pick(balance.Pick{}, heavy), "one in flight for each unit of weight, and two")
	seen := map[int]int{}
	for range 30 {
		seen[p.Pick(balance.Pick{}, candidates(1, 1, 1))]++
	}
	require.Equal(t, map[int]int{0: 10, 1: 10, 2: 10}, seen, "those with equally many have their turn")
}

// TestChoices draws: the backend with the most in flight is chosen only if it is drawn n times, and one with the fewest if it is drawn once.
func TestChoices(t *testing.T) {
	among := candidates(0, 5, 5, 9)
	for n, want := range map[int][2]float64{1: {0.25, 0.25}, 2: {7. / 16, 1. / 16}, 4: {175. / 256, 1. / 256}} {
		seen := map[int]float64{}
		for i := range 4000 {
			seen[balance.Choices(n).Pick(balance.Pick{Draw: keyed.New(1).Int(int64(i))}, among)]++
		}
		assert.InDelta(t, want[0], seen[0]/4000, 0.03, "%d choices", n)
		assert.InDelta(t, want[1], seen[3]/4000, 0.03, "%d choices", n)
	}
	require.Panics(t, func() { balance.Choices(0) })
}

// moved returns the share of 2000 keys that have another backend when there is one more, and the number of those that moved between old ones.
func moved(p func() balance.Policy, n int) (share float64, between int) {
	of := func(n int) (list []string) {
		q, among := p(), candidates(make([]int, n)...)
		for i := range 2000 {
			list = append(list, among[q.Pick(balance.Pick{Key: fmt.Sprint("/key/", i)}, among)].Node)
		}
		return list
	}
	before, after := of(n), of(n+1)
	count := 0
	for i := range before {
		if before[i] != after[i] {
			count++
			if after[i] != balance.Backend(n) {
				between++
			}
		}
	}
	return float64(count) / 2000, between
}

// TestMovedKeys has a ring move the share of the new backend and nothing between the others, and the modulo most keys.
func TestMovedKeys(t *testing.T) {
	for n := 2; n <= 8; n++ {
		share, between := moved(func() balance.Policy { return balance.Consistent(0) }, n)
		assert.InDelta(t, 1/float64(n+1), share, 0.4/float64(n+1), "%d backends and one more", n)
		assert.Zero(t, between)
		share, _ = moved(balance.Modulo, n)
		assert.InDelta(t, float64(n)/float64(n+1), share, 0.06)
	}
}

// TestBoundedLoads gives all requests one key: no backend gets more than the bound allows.
func TestBoundedLoads(t *testing.T) {
	for _, bound := range []float64{1.1, 1.25, 2} {
		p, among := balance.Consistent(bound), candidates(0, 0, 0, 0, 0)
		for i := range 500 {
			among[p.Pick(balance.Pick{Key: "/hot"}, among)].InFlight++
			most := 0
			for _, c := range among {
				most = max(most, c.InFlight)
			}
			require.LessOrEqual(t, most, int(math.Ceil(bound*float64(i+1)/5)), "after %d requests", i+1)
		}
	}
	among := candidates(40, 40, 40, 40, 40)
	p := balance.Consistent(0)
	first := p.Pick(balance.Pick{Key: "/hot"}, among)
	among[first].InFlight = 4000
	require.Equal(t, first, p.Pick(balance.Pick{Key: "/hot"}, among), "without a bound")
}
