package resilience_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/tier"
)

// TestCounterexamplesAreMinimal shows of random histories that the calls of a counterexample's core break the rule on their own, and that
// without any one of them the others do not.
func TestCounterexamplesAreMinimal(t *testing.T) {
	whole := resilience.Interval{}
	for _, c := range []struct {
		name string
		checker.Checker
		fs []string
	}{
		{"answered", resilience.Answered(0), []string{"request", "wait", "work", "hold"}},
		{"leaks", resilience.NoLeaks(), []string{"hold", "wait"}},
		{"unrelated", resilience.Unrelated(0.9, whole, "/b"), []string{"request", "work"}},
		{"amplified", resilience.Amplified(0.4, whole), []string{"request", "attempt", "attempt", "attempt"}},
		{"admitted", resilience.AtMost(4, 20*ms), []string{"admit"}},
		{"orphans", resilience.NoOrphans(0.2), []string{"request", "work"}},
		{"effects", resilience.OnceEach(), []string{"request", "effect", "effect"}},
		{"revoked", resilience.Revoked(5 * ms), []string{"access", "access", "access", "revoke", "grant"}},
		{"in flight", resilience.Capped(4, ""), []string{"hold"}},
		{"parts", resilience.Whole(), []string{"request"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := 0
			n := tier.Seeds(t, 60, 100)
			for seed := range n {
				h := randomHistory(rand.New(rand.NewPCG(uint64(seed), 2)), c.fs...)
				r := c.Check(t.Context(), h)
				require.NotEmpty(t, r.Reason)
				if r.Verdict != checker.Invalid {
					require.Nil(t, r.Counterexample)
					continue
				}
				found++
				require.NotNil(t, r.Counterexample, "seed %d\n%v", seed, h)
				requireMinimal(t, c, h, r.Counterexample)
			}
			require.Greater(t, found, n/10)
			require.Less(t, found, n, "every history breaks the rule")
		})
	}
}

func requireMinimal(t *testing.T, c checker.Checker, h *history.History, w *checker.Counterexample) {
	t.Helper()
	require.True(t, slices.IsSortedFunc(w.Calls, func(a, b history.Call) int { return a.Invoke.Index - b.Invoke.Index }))
	core := w.Core
	if core == nil {
		for i := range w.Calls {
			core = append(core, i)
		}
	}
	var calls []history.Call
	for _, i := range core {
		calls = append(calls, w.Calls[i])
	}
	require.Equal(t, checker.Invalid, c.Check(t.Context(), alone(h, calls)).Verdict, "the core alone:\n%v\nof\n%v", alone(h, calls), h)
	for i := range calls {
		rest := alone(h, slices.Delete(slices.Clone(calls), i, i+1))
		require.NotEqual(t, checker.Invalid, c.Check(t.Context(), rest).Verdict, "without call %d:\n%v\nof\n%v", i, rest, h)
	}
}

// alone returns the history of nothing but these calls, which ends when the other one does.
func alone(h *history.History, calls []history.Call) *history.History {
	keep := map[int]bool{}
	for _, c := range calls {
		keep[c.Invoke.Index], keep[c.Complete.Index] = true, true
	}
	var ops []history.Op
	for o := range h.Ops() {
		if keep[o.Index] {
			ops = append(ops, o)
		}
	}
	return history.Of(append(ops, history.Op{Time: h.End(), Process: 1000, Type: history.Invoke, Input: "other"})...)
}

// TestNothingToJudge shows that a history without a call that a rule is about is unknown, and an error for what measures it.
func TestNothingToJudge(t *testing.T) {
	whole := resilience.Interval{}
	all := []checker.Checker{
		resilience.Answered(0), resilience.NoLeaks(), resilience.Detected(0), resilience.Unrelated(0, whole, "/a"), resilience.Amplified(9, whole),
		resilience.Recovers(resilience.Interval{From: ms, To: 2 * ms}, 0, 0), resilience.AtMost(9, time.Second), resilience.Balanced(9, whole), resilience.NoOrphans(1),
		resilience.OnceEach(), resilience.Revoked(time.Hour), resilience.Capped(9, ""), resilience.Whole(),
	}
	for _, h := range []*history.History{{}, randomHistory(rand.New(rand.NewPCG(1, 1)), "other")} {
		for i, c := range all {
			r := c.Check(t.Context(), h)
			require.Equal(t, checker.Unknown, r.Verdict, "%d: %s", i, r.Reason)
			require.NotEmpty(t, r.Reason)
			require.NotEmpty(t, r.Headline())
		}
	}
}
