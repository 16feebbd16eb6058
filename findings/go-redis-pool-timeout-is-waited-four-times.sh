#!/usr/bin/env bash
# github.com/redis/go-redis/v9 v9.23.0
#
# What one would guess: Options.PoolTimeout is the "amount of time client waits for connection if all
# connections are busy before returning an error". So with a PoolTimeout of 1 s a Get on a client whose connections
# are all busy returns an error after 1 s.
# What happens: it returns after four of them and a back-off, 4.1 s here. The error is taken for one
# that another attempt may mend, and MaxRetries is 3 by default. So each call that waits comes back to the pool
# three times, just when the pool has too few connections.
#
# miniredis on loopback, a pool of one connection that is taken; times of the wall. Output seen, go1.26.8:
#   default: redis: connection pool timeout after 4.1s, 4 timeouts of the pool
#   MaxRetries -1: redis: connection pool timeout after 1s, 1 timeouts of the pool
# The tenth of a second varies. Fails if the default returns within 2 s.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'GO'
module x

go 1.26.0

require (
	github.com/alicebob/miniredis/v2 v2.40.0
	github.com/redis/go-redis/v9 v9.23.0
)
GO
cat > main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

func run(name, addr string, retries int) time.Duration {
	ctx := context.Background()
	c := redis.NewClient(&redis.Options{Addr: addr, PoolSize: 1, PoolTimeout: time.Second, MaxRetries: retries})
	defer c.Close()
	taken := c.Conn() // holds the one connection from its first command on
	defer taken.Close()
	if err := taken.Ping(ctx).Err(); err != nil {
		log.Fatal(err)
	}
	start := time.Now()
	err := c.Get(ctx, "k").Err()
	took := time.Since(start)
	fmt.Printf("%s: %v after %v, %d timeouts of the pool\n", name, err, took.Round(100*time.Millisecond), c.PoolStats().Timeouts)
	return took
}

func main() {
	server, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	long := run("default", server.Addr(), 0)
	short := run("MaxRetries -1", server.Addr(), -1)
	if long < 2*time.Second || short > 2*time.Second {
		os.Exit(1)
	}
}
GO
GOFLAGS=-mod=mod go run .
