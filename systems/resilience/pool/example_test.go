package pool_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/pool"
)

// Two requests want the one connection of a pool. The second waits, and gives up by its timeout.
func Example() {
	system := cluster.Func(func(ctx context.Context, h *cluster.Host) error { return pool.Database{}.Serve(ctx, h) })
	synctest.Test(new(testing.T), func(*testing.T) {
		c, err := cluster.New(cluster.Config{System: system, Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		c.Sleep(context.Background(), time.Second)
		h := c.Client(0)
		p := pool.NewSQL(pool.Connector{Host: h, Database: "n1"}, 1)
		conn, err := pool.Take(context.Background(), h, "connections", p)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(conn.Query(context.Background(), pool.Query{For: 17, Takes: time.Millisecond}))
		ctx, cancel := h.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err = pool.Take(ctx, h, "connections", p)
		fmt.Println(err)
		conn.Release()
		p.Close()
		c.Stop(time.Second)
	})
	// Output:
	// {17 n1} <nil>
	// pool: acquire: context deadline exceeded
}
