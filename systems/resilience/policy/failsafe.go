package policy

import (
	"context"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/failsafe-go/failsafe-go/budget"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/hedgepolicy"
	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/capsize-go/capsize/cluster"
)

// FailsafeRetry retries by failsafe-go.
func FailsafeRetry(p Retry) Policy { return p.failsafe(func() budget.Budget { return nil }) }

// FailsafeBudget retries by failsafe-go within its own budget: retries are at most that share of what is in flight, and three may be in any case.
func FailsafeBudget(p Retry, share float64) Policy {
	return p.failsafe(func() budget.Budget { return budget.NewBuilder().WithMaxRate(share).Build() })
}

func (p Retry) failsafe(openBudget func() budget.Budget) Policy {
	return p.policy(func() library {
		limit := openBudget()
		return func(r *http.Request, t *tries) (*http.Response, error) {
			b := failsafehttp.NewRetryPolicyBuilder().AbortOnErrors(ErrBudget).ReturnLastFailure().WithMaxAttempts(p.Attempts).
				WithDelayFunc(func(failsafe.ExecutionAttempt[*http.Response]) time.Duration { return t.delay() })
			if limit != nil {
				b = b.WithBudget(limit)
			}
			return failsafehttp.NewRoundTripper(t, b.Build()).RoundTrip(r)
		}
	})
}

// failsafePolicy makes a transport of a policy of failsafe-go.
func failsafePolicy(open func() failsafe.Policy[*http.Response]) Policy {
	return func(_ *cluster.Host, next http.RoundTripper) http.RoundTripper {
		return failsafehttp.NewRoundTripper(next, open())
	}
}

// FailsafeBreaker is the circuit breaker of failsafe-go: it opens at a share of failures within a sliding window.
func FailsafeBreaker(b Breaker) Policy {
	return failsafePolicy(func() failsafe.Policy[*http.Response] {
		return circuitbreaker.NewBuilder[*http.Response]().HandleIf(func(answer *http.Response, err error) bool { return failure(answer, err) != nil }).
			WithFailureRateThreshold(b.Share, b.Least, b.Within).WithDelay(b.Open).WithSuccessThreshold(b.trials()).Build()
	})
}

// FailsafeBulkhead lets at most n requests through at a time, and refuses the others at once.
func FailsafeBulkhead(n uint) Policy {
	return failsafePolicy(func() failsafe.Policy[*http.Response] { return bulkhead.New[*http.Response](n) })
}

// FailsafeTimeout cancels a round trip after d. It is cooperative: the caller waits until the transport has noticed.
func FailsafeTimeout(d time.Duration) Policy {
	return failsafePolicy(func() failsafe.Policy[*http.Response] { return timeout.New[*http.Response](d) })
}

// A Hedge sends a request a second time if there is no answer to the first one after a while, and takes the first answer that is none of a failure.
type Hedge struct {
	After time.Duration // 0: the Quantile of what was measured
	Share float64       // of hedges among what is in flight, at most: failsafe-go's budget; 0: no bound
}

// FailsafeHedge hedges by failsafe-go. A failure of one of the two is not taken for the answer while the other is under way, as the library
// has it by default.
func FailsafeHedge(p Hedge) Policy {
	return Chain(abandoning, failsafePolicy(func() failsafe.Policy[*http.Response] {
		b := hedgepolicy.NewBuilderWithDelay[*http.Response](p.After).CancelIf(func(answer *http.Response, err error) bool { return failure(answer, err) == nil })
		if p.Share > 0 {
			b = b.WithBudget(budget.NewBuilder().WithMaxRate(p.Share).WithMinConcurrency(1).Build())
		}
		return b.Build()
	}))
}

// abandoning is the policy to return when the ctx of a request ends, and to cancel then what is under way. By the ctx itself the two tries
// of a hedged request would end at that instant as well, in any order.
func abandoning(_ *cluster.Host, next http.RoundTripper) http.RoundTripper {
	type result struct {
		answer *http.Response
		err    error
	}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
		defer cancel()
		done := make(chan result, 1)
		go func() {
			answer, err := next.RoundTrip(r.WithContext(ctx))
			done <- result{answer, err}
		}()
		select {
		case it := <-done:
			return it.answer, it.err
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	})
}

// FailsafeLimiter is the adaptive limiter of failsafe-go: it lets as many requests through at a time as are answered without a queue, by
// the latencies that it sees, and refuses the others.
func FailsafeLimiter(least, most, first uint) Policy {
	return failsafePolicy(func() failsafe.Policy[*http.Response] {
		return adaptivelimiter.NewBuilder[*http.Response]().WithLimits(least, most, first).Build()
	})
}
