package jepsen

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// A badSet loses elements, answers from the past, makes elements up, and shows them twice,
// each once in n times; 0 is never.
type badSet struct{ lose, past, invent, twice int }

func (b badSet) run(r *rand.Rand) *history.History {
	var all, past []int
	one := func(in int) bool { return in > 0 && r.IntN(in) == 0 }
	return fakeSystem{
		ask: func(r *rand.Rand, n int) (string, any) {
			if r.IntN(2) == 0 {
				return "read", nil
			}
			return "add", r.IntN(n + 2)
		},
		do: func(r *rand.Rand, f string, v any) any {
			if f == "add" {
				if past = slices.Clone(all); !slices.Contains(all, v.(int)) {
					all = append(all, v.(int))
				}
				return nil
			}
			if len(all) > 0 && one(b.lose) {
				all = slices.Delete(slices.Clone(all), 0, 1)
			}
			out := slices.Clone(all)
			if one(b.past) {
				out = slices.Clone(past)
			}
			if one(b.invent) {
				out = append(out, r.IntN(12))
			}
			if len(out) > 0 && one(b.twice) {
				out = append(out, out[0])
			}
			return append([]int{}, out...)
		},
		final: "read",
	}.run(r, 2+r.IntN(14), 1+r.IntN(4))
}

func TestFinalSetAgreesWithItsDefinition(t *testing.T) {
	compareFindings(t, badSet{8, 8, 12, 8}.run, FinalSet(), func(h *history.History) map[string]int {
		calls := definedCalls(h)
		var last definedCall
		for _, c := range calls {
			if c.f == "read" && c.ok && c.end > last.end {
				last = c
			}
		}
		n := map[string]int{"lost": 0, "unexpected": 0, "revived": 0, "ok": 0, "recovered": 0}
		for v := range 20 {
			there := slices.Contains(last.out.([]int), v)
			adds := slices.DeleteFunc(slices.Clone(calls), func(c definedCall) bool { return c.f != "add" || c.v != v })
			acked := slices.ContainsFunc(adds, func(c definedCall) bool { return c.ok })
			failed := !slices.ContainsFunc(adds, func(c definedCall) bool { return !c.fail })
			switch {
			case !there && slices.ContainsFunc(adds, func(c definedCall) bool { return c.ok && c.end < last.inv }):
				n["lost"]++
			case !there:
			case !slices.ContainsFunc(adds, func(c definedCall) bool { return c.inv < last.end }):
				n["unexpected"]++
			default:
				n["ok"]++
				if failed {
					n["revived"]++
				} else if !acked {
					n["recovered"]++
				}
			}
		}
		return n
	})
}

func TestFinalSetOfAGoodSet(t *testing.T) { neverWrong(t, badSet{}.run, FinalSet()) }

// defineSetFull follows every element through every read.
func defineSetFull(h *history.History) map[string]int {
	calls := definedCalls(h)
	reads := slices.DeleteFunc(slices.Clone(calls), func(c definedCall) bool { return c.f != "read" || !c.ok })
	n := map[string]int{"lost": 0, "stale": 0, "stable": 0, "never read": 0, "duplicated": 0, "unexpected": 0, "revived": 0}
	for v := range 20 {
		adds := slices.DeleteFunc(slices.Clone(calls), func(c definedCall) bool { return c.f != "add" || c.v != v })
		failed := !slices.ContainsFunc(adds, func(c definedCall) bool { return !c.fail })
		known, asked, present, absent := model.Never, model.Never, -1, -1
		for _, c := range adds {
			known, asked = min(known, c.end), min(asked, c.inv)
		}
		duplicated, unexpected := false, false
		for _, c := range reads {
			switch checkertest.CountOf(c.out.([]int), func(x int) bool { return x == v }) {
			case 0:
				if c.end > asked {
					absent = c.inv
				}
				continue
			case 1:
			default:
				duplicated = true
			}
			known, present = min(known, c.end), c.inv
			unexpected = unexpected || c.end < asked
		}
		switch {
		case unexpected || present >= 0 && len(adds) == 0:
			n["unexpected"]++
		case present >= 0 && failed:
			n["revived"]++
		}
		if duplicated {
			n["duplicated"]++
		}
		switch {
		case len(adds) == 0 || present >= 0 && failed:
		case present > absent:
			n["stable"]++
			if known < absent {
				n["stale"]++
			}
		case known < absent:
			n["lost"]++
		default:
			n["never read"]++
		}
	}
	return n
}

func TestSetFullAgreesWithItsDefinition(t *testing.T) {
	// An element that is read before anybody asked for it, and whose adds all fail, is
	// one of both: the first read that is odd decides, and so it is left out here.
	both := func(r *rand.Rand) *history.History {
		for {
			h := badSet{8, 6, 30, 20}.run(r)
			if n := defineSetFull(h); n["unexpected"] == 0 || n["revived"] == 0 {
				return h
			}
		}
	}
	t.Run("stale is fine", func(t *testing.T) { compareFindings(t, both, SetFull(false), defineSetFull) })
	t.Run("stale is wrong", func(t *testing.T) { compareFindings(t, both, SetFull(true), defineSetFull) })
}

func TestSetFullOfAGoodSet(t *testing.T) { neverWrong(t, badSet{}.run, SetFull(true)) }

// An element that is missed after it was known has a lag, and so has one that was seen before it was lost.
func TestSetFullLags(t *testing.T) {
	add := func(v int) history.JepsenOp { return history.JepsenOp{F: "add", Value: v} }
	read := history.JepsenOp{F: "read"}
	saw := func(v ...int) history.JepsenOp { return history.JepsenOp{F: "read", Value: v} }
	h := checkertest.Timeline(
		checkertest.Timed{From: 0, To: 1, In: add(1), Out: add(1)}, checkertest.Timed{From: 2, To: 3, In: add(2), Out: add(2)}, checkertest.Timed{From: 4, To: 5, In: add(3), Out: add(3)},
		checkertest.Timed{From: 10, To: 11, In: read, Out: saw(2)},    // misses 1, and 3
		checkertest.Timed{From: 20, To: 21, In: read, Out: saw(1, 2)}, // misses 3
		checkertest.Timed{From: 30, To: 31, In: read, Out: saw(1, 3)}, // has lost 2
	)
	f, ok := FindingsOf(SetFull(false).Check(t.Context(), h))
	require.True(t, ok)
	ms := time.Millisecond
	assert.Equal(t, []Lags{
		{lostLatency, 1, 17 * ms, 17 * ms, 17 * ms, 17 * ms, 17 * ms},  // known at 3, last seen at 20
		{stableLatency, 2, 9 * ms, 15 * ms, 15 * ms, 15 * ms, 15 * ms}, // 1 from 1 to 10, 3 from 5 to 20
	}, f.Lags)
}
