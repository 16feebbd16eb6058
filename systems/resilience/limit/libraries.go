package limit

import (
	"context"
	"fmt"
	"time"

	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"
	uber "go.uber.org/ratelimit"
	"golang.org/x/time/rate"

	"github.com/capsize-go/capsize/cluster"
)

// XTimeRate is golang.org/x/time/rate: a token bucket.
func XTimeRate(r Rate, burst int) Maker {
	return func(context.Context, *cluster.Host) (Limiter, error) {
		l := rate.NewLimiter(rate.Every(r.interval()), burst)
		return serial(l.Allow), nil
	}
}

// FailsafeBursty is failsafe-go's ratelimiter.NewBursty: windows that begin when the limiter is made.
func FailsafeBursty(r Rate) Maker {
	return func(context.Context, *cluster.Host) (Limiter, error) {
		return serial(ratelimiter.NewBursty[any](uint(r.Units), r.Per).TryAcquirePermit), nil
	}
}

// FailsafeSmooth is failsafe-go's ratelimiter.NewSmooth: one unit in each slot of time.
func FailsafeSmooth(r Rate) Maker {
	return func(context.Context, *cluster.Host) (Limiter, error) {
		return serial(ratelimiter.NewSmooth[any](uint(r.Units), r.Per).TryAcquirePermit), nil
	}
}

// Throttled is throttled's GCRA over its memory store. Its burst is what may pass at once beside the first unit.
func Throttled(r Rate, burst int) Maker {
	return func(context.Context, *cluster.Host) (Limiter, error) {
		store, err := memstore.NewCtx(0)
		if err != nil {
			return nil, fmt.Errorf("throttled: store: %w", err)
		}
		quota := throttled.RateQuota{MaxRate: throttled.PerDuration(r.Units, r.Per), MaxBurst: burst}
		l, err := throttled.NewGCRARateLimiterCtx(store, quota)
		if err != nil {
			return nil, fmt.Errorf("throttled: %w", err)
		}
		return Func(func(ctx context.Context) (bool, error) {
			limited, _, err := l.RateLimitCtx(ctx, "principal", 1)
			return !limited, err
		}), nil
	}
}

// Uber is go.uber.org/ratelimit on the clock of its host. It refuses no request: Take waits, and knows no ctx. Slack is how many units it
// saves up while it is idle, for a burst; the library's default is 10.
func Uber(r Rate, slack int) Maker {
	return func(_ context.Context, h *cluster.Host) (Limiter, error) {
		l := uber.New(r.Units, uber.Per(r.Per), uber.WithSlack(slack), uber.WithClock(clock{h}))
		return Func(func(context.Context) (bool, error) {
			l.Take()
			return true, nil
		}), nil
	}
}

// A clock is the clock of a host as Uber's limiter wants it.
type clock struct{ h *cluster.Host }

// Now returns the time of the day.
func (c clock) Now() time.Time { return c.h.Clock().Now() }

// Sleep waits for d, or until the host crashes.
func (c clock) Sleep(d time.Duration) { _ = c.h.Sleep(d) } // a host that has crashed asks no more
