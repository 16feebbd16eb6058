package policy

import (
	"context"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// RetryableHTTP retries by hashicorp/go-retryablehttp.
func RetryableHTTP(p Retry) Policy {
	return p.policy(func() library {
		return func(r *http.Request, t *tries) (*http.Response, error) {
			rt := retryablehttp.RoundTripper{Client: &retryablehttp.Client{
				HTTPClient: &http.Client{Transport: t}, RetryMax: p.Attempts - 1, ErrorHandler: retryablehttp.PassthroughErrorHandler,
				Backoff: func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return t.delay() },
				CheckRetry: func(ctx context.Context, answer *http.Response, err error) (bool, error) {
					if err != nil && !again(err) {
						return false, err
					}
					return retryablehttp.DefaultRetryPolicy(ctx, answer, err)
				},
			}}
			return rt.RoundTrip(r)
		}
	})
}
