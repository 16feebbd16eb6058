package cachekv_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/cache/cachekv"
	"github.com/capsize-go/capsize/workloads"
)

// A counter is a client of Redis as one writes it for oneself. Its compare-and-swap looks, and then writes: a transaction
// is missing between the two.
type counter struct{ c *redis.Client }

func (k counter) Get(ctx context.Context, key string) (int, error) {
	n, err := k.c.Get(ctx, key).Int()
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	return n, err
}

func (k counter) Put(ctx context.Context, key string, value int) error {
	return k.c.Set(ctx, key, value, 0).Err()
}

func (k counter) CAS(ctx context.Context, key string, old, value int) (int, error) {
	found, err := k.Get(ctx, key)
	if err != nil || found != old {
		return found, err
	}
	return found, k.Put(ctx, key, value)
}

func (k counter) Close() error { return k.c.Close() }

// A client of Redis of one's own is tested against a Redis on the clock of the run.
func ExampleServeRedis() {
	open := func(_ context.Context, h *cluster.Host) (counter, error) {
		return counter{redis.NewClient(&redis.Options{
			Addr: "n1:6379",
			Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
				return h.DialContext(ctx, network, addr)
			},
			ContextTimeoutEnabled: true,
			MaxRetries:            -1, // its backoff is drawn from a source that is not of the run
		})}, nil
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), capsize.Test{
		System: cluster.Func(cachekv.ServeRedis), Workload: workloads.Register(open), Nodes: 1, Seed: 1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r.Explain(context.Background())
	fmt.Println(r.Verdict)
	fmt.Println(r.Counterexample.Reason)
	// Output:
	// invalid
	// process 1 read 490 from k0, but 493 had replaced it 36.81ms before that read began
}
