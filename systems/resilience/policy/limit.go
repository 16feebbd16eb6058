package policy

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// ErrLimited is wrapped by the error of a request that [RateLimit] did not let through.
var ErrLimited = errors.New("rate limited")

// RateLimit lets requests through at a rate a second, and burst more at once, by x/time/rate. It refuses the others at once.
func RateLimit(perSecond float64, burst int) Policy {
	return func(_ *cluster.Host, next http.RoundTripper) http.RoundTripper {
		limiter := rate.NewLimiter(rate.Limit(perSecond), burst)
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if !limiter.Allow() {
				return nil, fmt.Errorf("policy: ask %s: %w", r.URL.Host, cluster.Failed(ErrLimited))
			}
			return next.RoundTrip(r)
		})
	}
}

// handover is how long a request that waits takes to go on with the place of another one. At the same instant that one goes on as well, and which of the two
// is first would be chance.
const handover = 333 * time.Microsecond

// Semaphore lets at most n requests through at a time, by x/sync/semaphore. The others wait in the order of their arrival, until
// their ctx ends. Each wait and each hold is recorded as one of a resource of the host, "n1/semaphore".
func Semaphore(n int64) Policy {
	return func(h *cluster.Host, next http.RoundTripper) http.RoundTripper {
		sem, name := semaphore.NewWeighted(n), h.Name()+"/semaphore"
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if !sem.TryAcquire(1) {
				wait := h.Begin(web.In(r.Context(), "wait", name))
				err := sem.Acquire(r.Context(), 1)
				if err == nil {
					err = h.Sleep(handover)
				}
				if wait.End(nil, err); err != nil {
					return nil, fmt.Errorf("policy: wait for %s: %w", name, cluster.Failed(err))
				}
			}
			hold := h.Begin(web.In(r.Context(), "hold", name))
			defer func() {
				hold.End(nil, nil)
				sem.Release(1)
			}()
			return next.RoundTrip(r)
		})
	}
}
