package policy

import (
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// BackoffRetry retries by cenkalti/backoff.
func BackoffRetry(p Retry) Policy {
	return p.policy(func() library {
		return func(r *http.Request, t *tries) (*http.Response, error) {
			return backoff.Retry(r.Context(), func() (*http.Response, error) {
				answer, err := t.attempt(r)
				if err != nil && !again(err) {
					err = backoff.Permanent(err)
				}
				return answer, err
			}, backoff.WithBackOff(delays(t.delay)), backoff.WithMaxTries(uint(p.Attempts)))
		}
	})
}

// A delays is our delays as a backoff of the library.
type delays func() time.Duration

// NextBackOff returns the next delay.
func (d delays) NextBackOff() time.Duration { return d() }

// Reset does nothing: each request has its own.
func (delays) Reset() {}
