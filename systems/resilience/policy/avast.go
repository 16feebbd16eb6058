package policy

import (
	"net/http"
	"time"

	"github.com/avast/retry-go/v5"
)

// AvastRetry retries by avast/retry-go.
func AvastRetry(p Retry) Policy { return p.policy(func() library { return p.avast() }) }

// AvastThrottle retries by avast/retry-go within its own token bucket, which has room for 20 retries, and is filled by successes.
func AvastThrottle(p Retry) Policy {
	return p.policy(func() library {
		// The option WithFixedTokenBucketThrottle makes a bucket each time that it is applied, so one for each request.
		return p.avast(retry.WithThrottle(retry.NewFixedTokenBucketThrottle(retry.FixedTokenBucketThrottleConfig{})))
	})
}

func (p Retry) avast(more ...retry.Option) library {
	return func(r *http.Request, t *tries) (*http.Response, error) {
		options := append(more[:len(more):len(more)],
			retry.Context(r.Context()), retry.Attempts(uint(p.Attempts)), retry.LastErrorOnly(true), retry.RetryIf(again),
			retry.DelayType(func(uint, error, retry.DelayContext) time.Duration { return t.delay() }))
		return retry.NewWithData[*http.Response](options...).Do(func() (*http.Response, error) { return t.attempt(r) })
	}
}
