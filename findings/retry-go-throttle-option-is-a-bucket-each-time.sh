#!/usr/bin/env bash
# github.com/avast/retry-go/v5 v5.1.1
#
# What one would guess: WithFixedTokenBucketThrottle bounds the retries of all calls that are given this option,
# since a throttle that protects a server must be shared. So one slice of options, kept in a variable, is one bucket.
# What happens: the option makes a full bucket whenever it is applied, which is in each New and each retry.Do. A
# retrier for each call, the usual way to pass a ctx, is never throttled: all calls make all their tries.
# WithThrottle with a throttle that was made once is shared, and stops after the 20 retries that it holds.
#
# Output seen, go1.26.8:
#   WithFixedTokenBucketThrottle, the same options for 1000 calls: 3000 tries
#   WithThrottle, one throttle for 1000 calls: 1020 tries
# Fails if that changes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'GO'
module x

go 1.26.0

require github.com/avast/retry-go/v5 v5.1.1
GO
cat > main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/avast/retry-go/v5"
)

func tries(throttle retry.Option) (n int) {
	options := []retry.Option{retry.Attempts(3), retry.Delay(0), retry.MaxJitter(1), throttle}
	for range 1000 {
		_ = retry.New(options...).Do(func() error {
			n++
			return errors.New("down")
		})
	}
	return n
}

func main() {
	var config retry.FixedTokenBucketThrottleConfig
	option := tries(retry.WithFixedTokenBucketThrottle(config))
	shared := tries(retry.WithThrottle(retry.NewFixedTokenBucketThrottle(config)))
	fmt.Printf("WithFixedTokenBucketThrottle, the same options for 1000 calls: %d tries\n", option)
	fmt.Printf("WithThrottle, one throttle for 1000 calls: %d tries\n", shared)
	if option != 3000 || shared > 1100 {
		os.Exit(1)
	}
}
GO
GOFLAGS=-mod=mod go run .
