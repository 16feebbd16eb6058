package jepsen

import (
	"math/rand/v2"
	"testing"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
)

// badCounter forgets an add once in n times, and answers with noise; 0 is never.
func badCounter(forget, noise, least int) func(r *rand.Rand) *history.History {
	return func(r *rand.Rand) *history.History {
		sum := 0
		return fakeSystem{
			ask: func(r *rand.Rand, _ int) (string, any) {
				if r.IntN(2) == 0 {
					return "read", nil
				}
				return "add", least + r.IntN(5)
			},
			do: func(r *rand.Rand, f string, v any) any {
				if f == "add" {
					if forget == 0 || r.IntN(forget) > 0 {
						sum += v.(int)
					}
					return nil
				}
				if noise > 0 && r.IntN(noise) == 0 {
					return sum + r.IntN(5) - 2
				}
				return sum
			},
		}.run(r, 2+r.IntN(14), 1+r.IntN(4))
	}
}

func TestCounterBoundsAgreesWithItsDefinition(t *testing.T) {
	define := func(h *history.History) map[string]int {
		calls := definedCalls(h)
		wrong := 0
		for _, c := range calls {
			if c.f != "read" || !c.ok {
				continue
			}
			low, high := 0, 0
			for _, a := range calls {
				if a.f != "add" || a.fail {
					continue
				}
				n, must, may := a.v.(int), a.end < c.inv, a.inv < c.end
				if n > 0 && must || n < 0 && may {
					low += n
				}
				if n > 0 && may || n < 0 && must {
					high += n
				}
			}
			if saw := c.out.(int); saw < low || saw > high {
				wrong++
			}
		}
		return map[string]int{"out of bounds": wrong}
	}
	t.Run("only up", func(t *testing.T) { compareFindings(t, badCounter(6, 6, 0), CounterBounds(), define) })
	t.Run("up and down", func(t *testing.T) { compareFindings(t, badCounter(6, 6, -2), CounterBounds(), define) })
}

func TestCounterBoundsOfAGoodCounter(t *testing.T) {
	neverWrong(t, badCounter(0, 0, -2), CounterBounds())
}

// badIDs gives an id again once in n times; 0 is never.
func badIDs(again int) func(r *rand.Rand) *history.History {
	return func(r *rand.Rand) *history.History {
		given := 0
		return fakeSystem{
			ask: func(*rand.Rand, int) (string, any) { return "generate", nil },
			do: func(r *rand.Rand, _ string, _ any) any {
				if given++; again > 0 && r.IntN(again) == 0 {
					return r.IntN(given)
				}
				return given
			},
		}.run(r, 2+r.IntN(14), 1+r.IntN(4))
	}
}

func TestDistinctIDsAgreesWithItsDefinition(t *testing.T) {
	compareFindings(t, badIDs(10), DistinctIDs(), func(h *history.History) map[string]int {
		calls := definedCalls(h)
		var twice []int
		for i, a := range calls {
			for _, b := range calls[:i] {
				if a.ok && b.ok && a.out == b.out {
					twice = append(twice, a.out.(int))
				}
			}
		}
		return map[string]int{
			"duplicated": len(distinctInts(twice)), "attempted": len(calls),
			"acknowledged": checkertest.CountOf(calls, func(c definedCall) bool { return c.ok }),
		}
	})
}

func TestDistinctIDsOfAGoodSource(t *testing.T) { neverWrong(t, badIDs(0), DistinctIDs()) }
