package limit_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	uber "go.uber.org/ratelimit"
	"golang.org/x/time/rate"
)

// These tests hold what the pages say of the libraries, in the versions of go.mod: x/time v0.16.0, failsafe-go v0.9.8, throttled v2.15.0,
// uber's ratelimit v0.3.1, redis_rate v10.0.1 with miniredis v2.40.0.

// TestFailsafeSmoothAdmitsTwoAtOnce has two units pass a millisecond apart, at the end of a slot of 100 ms and at the beginning of the next.
func TestFailsafeSmoothAdmitsTwoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimiter.NewSmooth[any](10, time.Second)
		time.Sleep(999500 * time.Microsecond)
		first := l.TryAcquirePermit()
		time.Sleep(time.Millisecond)
		assert.True(t, first && l.TryAcquirePermit())
	})
}

// TestFailsafeBurstyBeginsWhenItIsMade has the windows begin when the limiter is made, and not at the first unit.
func TestFailsafeBurstyBeginsWhenItIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimiter.NewBursty[any](10, time.Second)
		time.Sleep(900 * time.Millisecond)
		n := passed(20, func() bool { return l.TryAcquirePermit() })
		time.Sleep(100 * time.Millisecond)
		assert.Equal(t, []int{10, 10}, []int{n, passed(20, func() bool { return l.TryAcquirePermit() })})
	})
}

// TestUberKnowsVirtualTime shows that the clock which uber's limiter has by default follows a bubble, and that Take saves up ten units
// of idle time.
func TestUberKnowsVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := uber.New(10)
		l.Take()
		time.Sleep(time.Minute)
		begin := time.Now()
		n := passed(30, func() bool { l.Take(); return time.Since(begin) < time.Second })
		assert.Equal(t, 20, n, "within a second after an idle minute")
	})
}

// TestXTimeRateGivesTokensBack shows that a wait which its ctx ends gives its token back.
func TestXTimeRateGivesTokensBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := rate.NewLimiter(10, 1)
		require.True(t, l.Allow())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		require.Error(t, l.Wait(ctx))
		time.Sleep(50 * time.Millisecond)
		assert.True(t, l.Allow(), "the token of the wait that was ended")
	})
}

// TestRedisRateHangsOnTheDate shows that redis_rate's PerSecond(10) admits ten at once at some dates and nine at others: it computes
// with seconds since 2017 in floating point, of which those that are more than 2^28 away have a binary place less.
func TestRedisRateHangsOnTheDate(t *testing.T) {
	for _, x := range []struct{ year, atOnce int }{{2000, 9}, {2024, 10}, {2026, 9}} {
		for i := range 5 {
			at := time.Date(x.year, time.November, 30, 12, 0, i, 123456789*i, time.UTC)
			assert.Equal(t, x.atOnce, redisRateAtOnce(t, at), "%v", at)
		}
	}
}

// redisRateAtOnce returns how many of 20 requests redis_rate's PerSecond(10) admits at an instant.
func redisRateAtOnce(t *testing.T, at time.Time) (n int) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(at))
		m := miniredis.NewMiniRedis()
		m.ClockTTL(true)
		defer m.Close()
		c := redis.NewClient(&redis.Options{
			Dialer:                   func(context.Context, string, string) (net.Conn, error) { return m.Dial() },
			MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		})
		defer c.Close()
		l := redis_rate.NewLimiter(c)
		n = passed(20, func() bool {
			got, err := l.Allow(t.Context(), "k", redis_rate.PerSecond(10))
			require.NoError(t, err)
			return got.Allowed > 0
		})
	})
	return n
}

// passed counts how many of n passed.
func passed(n int, allow func() bool) (passed int) {
	for range n {
		if allow() {
			passed++
		}
	}
	return passed
}
