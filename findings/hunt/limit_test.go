package hunt

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capsize-go/capsize/explore"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/hedgepolicy"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"
	"go.uber.org/ratelimit"
	"golang.org/x/time/rate"
)

func TestBulkhead(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		b := bulkhead.NewBuilder[int](2).WithMaxWaitTime(2 * time.Millisecond).Build()
		var active atomic.Int64
		each(5, func(int) {
			for range 3 {
				_, _ = failsafe.With(b).Get(func() (int, error) {
					if active.Add(1) > 2 {
						t.Error("more than two")
					}
					time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
					active.Add(-1)
					return 0, nil
				})
			}
		})
		if !b.TryAcquirePermit() || !b.TryAcquirePermit() {
			t.Error("permits were lost")
		}
	})
}

func TestFailsafeBreaker(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		b := circuitbreaker.NewBuilder[int]().WithFailureThreshold(2).WithSuccessThreshold(2).WithDelay(time.Second).Build()
		fail := errors.New("fail")
		for range 2 {
			_, _ = failsafe.With(b).Get(func() (int, error) { return 0, fail })
		}
		time.Sleep(1100 * time.Millisecond)
		var active, done atomic.Int64
		each(5, func(int) {
			_, _ = failsafe.With(b).Get(func() (int, error) {
				n := active.Add(1)
				if n > 2 && done.Load() < 2 {
					t.Error("more than two while half open")
				}
				time.Sleep(time.Millisecond)
				active.Add(-1)
				done.Add(1)
				return 0, nil
			})
		})
		if b.State() != circuitbreaker.ClosedState {
			t.Errorf("%v", b.State())
		}
	})
}

func TestFailsafeTimeout(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		each(2, func(int) {
			var runs atomic.Int64
			r, err := failsafe.With[int](retrypolicy.NewBuilder[int]().WithMaxRetries(2).Build(), hedgepolicy.NewWithDelay[int](time.Millisecond), timeout.New[int](2*time.Millisecond)).
				GetWithExecution(func(e failsafe.Execution[int]) (int, error) {
					runs.Add(1)
					select {
					case <-time.After(time.Duration(rand.IntN(4)) * time.Millisecond):
						return 7, nil
					case <-e.Canceled():
						return 0, context.Canceled
					}
				})
			if err == nil && r != 7 {
				t.Errorf("result %d without an error", r)
			}
		})
	})
}

func TestFailsafeRate(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		l := ratelimiter.NewBurstyBuilder[int](3, 10*time.Millisecond).Build()
		start := time.Now()
		var n [20]atomic.Int64
		each(4, func(int) {
			for range 5 {
				if l.TryAcquirePermit() {
					n[time.Since(start)/(10*time.Millisecond)].Add(1)
				}
				time.Sleep(time.Duration(rand.IntN(6)) * time.Millisecond)
			}
		})
		for i := range n {
			if n[i].Load() > 3 {
				t.Errorf("%d in period %d", n[i].Load(), i)
			}
		}
	})
}

func TestRate(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		l := rate.NewLimiter(1000, 2)
		start := time.Now()
		var n atomic.Int64
		each(4, func(int) {
			for range 4 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(5))*time.Millisecond)
				if rand.IntN(2) == 0 && l.Allow() || l.Wait(ctx) == nil {
					n.Add(1)
				}
				cancel()
				if float64(n.Load()) > 2.001+time.Since(start).Seconds()*1000 {
					t.Errorf("%d after %v", n.Load(), time.Since(start))
				}
			}
		})
	})
}

func TestUberRate(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		l := ratelimit.New(1000, ratelimit.WithoutSlack)
		var n atomic.Int64
		start := time.Now()
		each(4, func(int) {
			for range 4 {
				l.Take()
				if n.Add(1) > 1+time.Since(start).Milliseconds() {
					t.Errorf("%d after %v", n.Load(), time.Since(start))
				}
			}
		})
	})
}
