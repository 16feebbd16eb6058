package libraries

import (
	"context"
	"errors"
	"net"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/capsize-go/capsize/cluster"
)

// A Redis opens clients of a Redis on n1, which cachekv.ServeRedis runs.
type Redis struct {
	// Calm turns off what go-redis draws for itself, and the question to the
	// machine's resolver who n1 is.
	Calm bool
}

// Open returns a client. Its pool is so large that no call waits for a connection:
// go-redis keeps the timers of those waits in a pool of the process, and the
// runtime ends a process in which a timer of one bubble is used in another.
func (s Redis) Open(_ context.Context, h *cluster.Host) (RedisClient, error) {
	o := &redis.Options{
		Addr: "n1:6379", PoolSize: 100, ContextTimeoutEnabled: true,
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return h.DialContext(ctx, network, addr)
		},
	}
	if s.Calm {
		o.MaxRetries = -1
		o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	}
	return RedisClient{redis.NewClient(o)}, nil
}

// A RedisClient is a client of Redis.
type RedisClient struct{ c *redis.Client }

// Get reads a key.
func (k RedisClient) Get(ctx context.Context, key string) (int, error) {
	n, err := k.c.Get(ctx, key).Int()
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	return n, err
}

// Put writes a key, in a pipeline with another command.
func (k RedisClient) Put(ctx context.Context, key string, value int) error {
	_, err := k.c.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, key, value, 0)
		p.Incr(ctx, "writes")
		return nil
	})
	return err
}

// Close closes the pool.
func (k RedisClient) Close() error { return k.c.Close() }
