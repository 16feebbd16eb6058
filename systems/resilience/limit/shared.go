package limit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/capsize-go/capsize/cluster"
)

// store is the node with the Redis of limiters that gateways share.
const store = "n1"

// client returns a client of the Redis of the system, which ends with ctx.
func client(ctx context.Context, h *cluster.Host) *redis.Client {
	c := redis.NewClient(&redis.Options{
		Addr: store + ":6379",
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return h.DialContext(ctx, network, addr)
		},
		ContextTimeoutEnabled:    true,
		MaxRetries:               -1, // its backoff is drawn from a source that is not of the run
		PoolSize:                 200,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	context.AfterFunc(ctx, func() { _ = c.Close() })
	return c
}

// RedisRate is go-redis/redis_rate: GCRA as a script in Redis, which all gateways share. A burst of r.Units is what its
// function PerSecond has.
func RedisRate(r Rate, burst int) Maker {
	limit := redis_rate.Limit{Rate: r.Units, Period: r.Per, Burst: burst}
	return func(ctx context.Context, h *cluster.Host) (Limiter, error) {
		l := redis_rate.NewLimiter(client(ctx, h))
		return Func(func(ctx context.Context) (bool, error) {
			got, err := l.Allow(ctx, "principal", limit)
			if err != nil {
				return false, fmt.Errorf("redis_rate: %w", err)
			}
			return got.Allowed > 0, nil
		}), nil
	}
}

// RedisIncr counts the units of each window of the clock by INCR, which is one step: the fixed window that all gateways share.
func RedisIncr(r Rate) Maker {
	return func(ctx context.Context, h *cluster.Host) (Limiter, error) {
		c := client(ctx, h)
		return Func(func(ctx context.Context) (bool, error) {
			key := windowKey(h, r.Per)
			n, err := c.Incr(ctx, key).Result()
			if err == nil && n == 1 {
				err = c.Expire(ctx, key, 2*r.Per).Err()
			}
			if err != nil {
				return false, fmt.Errorf("count in redis: %w", err)
			}
			return n <= int64(r.Units), nil
		}), nil
	}
}

// RedisGetSet counts as [RedisIncr] does, but in three steps: GET, add one, SET. Gateways that are between the two at
// the same time all write the same count.
func RedisGetSet(r Rate) Maker {
	return func(ctx context.Context, h *cluster.Host) (Limiter, error) {
		c := client(ctx, h)
		return Func(func(ctx context.Context) (bool, error) {
			key := windowKey(h, r.Per)
			n, err := c.Get(ctx, key).Int()
			if err != nil && !errors.Is(err, redis.Nil) {
				return false, fmt.Errorf("get from redis: %w", err)
			}
			if n >= r.Units {
				return false, nil
			}
			if err := c.Set(ctx, key, n+1, 2*r.Per).Err(); err != nil {
				return false, fmt.Errorf("set in redis: %w", err)
			}
			return true, nil
		}), nil
	}
}

// windowKey returns the key of the window of the clock that it is now.
func windowKey(h *cluster.Host, per time.Duration) string {
	return "window:" + strconv.FormatInt(h.Clock().Now().UnixNano()/int64(per), 10)
}

// Fallback asks a limiter, and another one if the first can't decide within a time: [Always] true fails open, Always false
// fails closed, and a local limiter of the gateway's share of the rate does neither.
func Fallback(first Maker, within time.Duration, otherwise Maker) Maker {
	return func(ctx context.Context, h *cluster.Host) (Limiter, error) {
		a, err := first(ctx, h)
		if err != nil {
			return nil, err
		}
		b, err := otherwise(ctx, h)
		if err != nil {
			return nil, err
		}
		return Func(func(ctx context.Context) (bool, error) {
			short, cancel := h.WithTimeout(ctx, within)
			defer cancel()
			if ok, err := a.Allow(short); err == nil {
				return ok, nil
			}
			return b.Allow(ctx)
		}), nil
	}
}

// Fixed returns a maker of that limiter, for limiters without a state.
func Fixed(l Limiter) Maker {
	return func(context.Context, *cluster.Host) (Limiter, error) { return l, nil }
}
