package policy

import (
	"net/http"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/capsize-go/capsize/cluster"
)

// A Breaker says when a circuit breaker opens and closes; the libraries are [FailsafeBreaker] and [GoBreaker].
type Breaker struct {
	Share  float64       // of failures at which it opens
	Least  uint          // requests of a window before it may
	Within time.Duration // the length of the window
	Open   time.Duration // how long it stays open before it tries again
	Trials uint          // that must succeed then, before it closes; default 1
}

func (b Breaker) trials() uint { return max(1, b.Trials) }

// GoBreaker is the circuit breaker of sony/gobreaker: it opens at a share of failures within a fixed window.
func GoBreaker(b Breaker) Policy {
	return func(_ *cluster.Host, next http.RoundTripper) http.RoundTripper {
		breaker := gobreaker.NewCircuitBreaker[*http.Response](gobreaker.Settings{
			Interval: b.Within, Timeout: b.Open, MaxRequests: uint32(b.trials()),
			ReadyToTrip: func(c gobreaker.Counts) bool {
				return c.Requests >= uint32(b.Least) && float64(c.TotalFailures) >= b.Share*float64(c.Requests)
			},
		})
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			return unpacked(breaker.Execute(func() (*http.Response, error) {
				answer, err := next.RoundTrip(r)
				return answer, failure(answer, err)
			}))
		})
	}
}
