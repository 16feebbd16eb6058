package limit

import (
	"context"
	"errors"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// TokenBucket holds up to burst tokens, and gets a new one each time that a unit takes at the rate. A unit that finds
// a token passes. So up to burst + rate pass in a window.
func TokenBucket(r Rate, burst int) Maker {
	return local(func(now func() time.Time) Limiter {
		var last time.Time
		full := time.Duration(burst) * r.interval()
		saved := full // tokens, as the time that it takes to get them
		return serial(func() bool {
			t := now()
			if !last.IsZero() {
				saved = min(full, saved+t.Sub(last))
			}
			last = t
			if saved < r.interval() {
				return false
			}
			saved -= r.interval()
			return true
		})
	})
}

// LeakyBucket has requests wait in a queue of the given length, and lets one pass each time that a unit takes at the rate. It refuses
// those that find the queue full. What passes is evenly spaced, and requests pay for it with the time that they wait.
func LeakyBucket(r Rate, queue int) Maker {
	return func(_ context.Context, h *cluster.Host) (Limiter, error) {
		var next time.Duration // when the next one may pass
		lock := make(chan struct{}, 1)
		return Func(func(ctx context.Context) (bool, error) {
			lock <- struct{}{}
			now := h.Clock().Monotonic()
			at := max(now, next)
			full := at-now > time.Duration(queue)*r.interval()
			if !full {
				next = at + r.interval()
			}
			<-lock
			if full || at > now && errors.Is(wait(ctx, h, at-now), context.DeadlineExceeded) {
				return false, nil
			}
			return true, ctx.Err()
		}), nil
	}
}

// wait waits for d, or until ctx is done.
func wait(ctx context.Context, h *cluster.Host, d time.Duration) error {
	until, cancel := h.WithTimeout(ctx, d)
	defer cancel()
	<-until.Done()
	return ctx.Err()
}
