// Package policy has what a client of a service does about failures, made of the libraries that people deploy: retries with a backoff, jitter
// and a budget; circuit breakers; bulkheads; timeouts; hedged requests; limits of the rate and of the concurrency.
//
// A [Policy] wraps the transport of net/http, so policies make a chain ([Chain]), and a library is adapted in a page:
//
//	failsafe-go          FailsafeRetry, FailsafeBudget, FailsafeBreaker, FailsafeBulkhead, FailsafeTimeout, FailsafeHedge, FailsafeLimiter
//	sony/gobreaker       GoBreaker
//	cenkalti/backoff     BackoffRetry
//	avast/retry-go       AvastRetry, AvastThrottle
//	go-retryablehttp     RetryableHTTP
//	x/time/rate          RateLimit
//	x/sync/semaphore     Semaphore
//
// [Budget] is a retry budget of our own, since none of these counts retries against requests. The libraries that retry get their
// delays from [Backoff], which draws jitter by the number of the request: their own jitter is drawn from math/rand, and would differ from run to run.
package policy
