package policy_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/systems/resilience/policy"
)

var threeTries = policy.Retry{Attempts: 3, Backoff: policy.Backoff{Base: 50 * time.Millisecond}}

// TestRetries has each library make the tries that its settings name, at the delays that they name, and return the last answer.
func TestRetries(t *testing.T) {
	for name, library := range retries {
		t.Run(name, func(t *testing.T) {
			onHost(t, func(h *cluster.Host) {
				for _, c := range []struct {
					answer        func(int) (int, time.Duration)
					tries, status int
					err           error
				}{
					{always(200), 1, 200, nil},
					{always(404), 1, 404, nil},
					{always(500), 3, 500, nil},
					{always(0), 3, 0, errBroken},
					{func(i int) (int, time.Duration) { return []int{503, 0, 200}[i], 0 }, 3, 200, nil},
				} {
					next := &scripted{answer: c.answer}
					status, err := ask(context.Background(), t, library(threeTries)(h, next), 1)
					assert.Len(t, next.at, c.tries)
					assert.Equal(t, c.status, status)
					require.ErrorIs(t, err, c.err)
					for i, want := range []time.Duration{50 * time.Millisecond, 100 * time.Millisecond}[:len(next.at)-1] {
						assert.InDelta(t, want, next.at[i+1].Sub(next.at[i]), float64(time.Microsecond))
					}
				}
			})
		})
	}
}

// TestRetriesEndWithTheCtx has each library give up when the ctx of the request ends, in a try and between two.
func TestRetriesEndWithTheCtx(t *testing.T) {
	for name, library := range retries {
		t.Run(name, func(t *testing.T) {
			onHost(t, func(h *cluster.Host) {
				for _, d := range []time.Duration{20 * time.Millisecond, 70 * time.Millisecond, time.Second} {
					next := &scripted{answer: func(i int) (int, time.Duration) { return 500, time.Duration(i) * time.Minute }}
					begin := time.Now()
					ctx, cancel := context.WithTimeout(context.Background(), d)
					_, err := ask(ctx, t, library(threeTries)(h, next), 1)
					cancel()
					require.Error(t, err)
					assert.Equal(t, d, time.Since(begin))
				}
			})
		})
	}
}

// TestBudgetCountsRetriesAgainstRequests has 300 requests that all fail make 330 tries with a budget of a tenth, whatever library retries.
func TestBudgetCountsRetriesAgainstRequests(t *testing.T) {
	for name, library := range retries {
		t.Run(name, func(t *testing.T) {
			onHost(t, func(h *cluster.Host) {
				budgeted := threeTries
				budgeted.Budget = policy.Budget{Ratio: 0.1}
				next := &scripted{answer: always(500)}
				rt := library(budgeted)(h, next)
				for id := range 300 {
					status, err := ask(context.Background(), t, rt, id)
					require.NoError(t, err)
					require.Equal(t, 500, status, "the answer of the last try, and no error of the budget")
				}
				assert.InDelta(t, 330, len(next.at), 1)
			})
		})
	}
}

// TestBudgetSavesLittle has a long calm pay for ten retries and the reserve, not for a storm.
func TestBudgetSavesLittle(t *testing.T) {
	onHost(t, func(h *cluster.Host) {
		budgeted := threeTries
		budgeted.Budget = policy.Budget{Ratio: 0.1, Reserve: 5}
		status := 200
		next := &scripted{answer: func(int) (int, time.Duration) { return status, 0 }}
		rt := policy.FailsafeRetry(budgeted)(h, next)
		for id := range 1000 {
			_, _ = ask(context.Background(), t, rt, id)
		}
		status = 500
		for id := range 10 {
			_, _ = ask(context.Background(), t, rt, id)
		}
		assert.Equal(t, 1000+10+15, len(next.at))
	})
}

// TestLibrariesBudgets holds what the pages say of the budgets of libraries, in the versions of go.mod: failsafe-go v0.9.8 and retry-go v5.1.1.
func TestLibrariesBudgets(t *testing.T) {
	for _, c := range []struct {
		name  string
		p     policy.Policy
		tries int
	}{
		// One request at a time: three retries may be under way in any case, so the budget allows each.
		{"failsafe-go", policy.FailsafeBudget(threeTries, 0.1), 300},
		// The bucket has room for 20 retries, and only successes fill it.
		{"retry-go", policy.AvastThrottle(threeTries), 120},
	} {
		onHost(t, func(h *cluster.Host) {
			next := &scripted{answer: always(500)}
			rt := c.p(h, next)
			for id := range 100 {
				_, _ = ask(context.Background(), t, rt, id)
			}
			assert.Equal(t, c.tries, len(next.at), c.name)
		})
	}
}

// TestBackoff has delays within their bounds, the same for the same key, and different ones for different requests.
func TestBackoff(t *testing.T) {
	const base, most = 100 * time.Millisecond, 2 * time.Second
	for _, c := range []struct {
		jitter      policy.Jitter
		least, most func(full, last time.Duration) time.Duration
	}{
		{policy.NoJitter, func(full, _ time.Duration) time.Duration { return full }, func(full, _ time.Duration) time.Duration { return full }},
		{policy.EqualJitter, func(full, _ time.Duration) time.Duration { return full / 2 }, func(full, _ time.Duration) time.Duration { return full }},
		{policy.FullJitter, func(_, _ time.Duration) time.Duration { return 0 }, func(full, _ time.Duration) time.Duration { return full }},
		{policy.Decorrelated, func(_, _ time.Duration) time.Duration { return base }, func(_, last time.Duration) time.Duration { return min(most, 3*last) }},
	} {
		b := policy.Backoff{Base: base, Max: most, Jitter: c.jitter}
		seen := map[time.Duration]bool{}
		for id := range int64(100) {
			next, again := b.Delays(keyed.New(1).Int(id)), b.Delays(keyed.New(1).Int(id))
			full, last := base, base
			for range 8 {
				d := next()
				require.Equal(t, d, again())
				require.GreaterOrEqual(t, d, c.least(full, last), c.jitter)
				require.LessOrEqual(t, d, c.most(full, last)+time.Microsecond, c.jitter)
				seen[d] = true
				full, last = min(most, 2*full), d
			}
		}
		assert.Greater(t, len(seen), 700, "%s: no two timers at one instant", c.jitter)
	}
}
