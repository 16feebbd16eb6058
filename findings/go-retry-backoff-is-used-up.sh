#!/usr/bin/env bash
# github.com/sethvargo/go-retry v0.5.0
#
# What one would guess: a Backoff says how to retry. The README calls the package safe for concurrent use, so one
# that is made once, as a package variable, gives each Do its three retries.
# What happens: WithMaxRetries counts over all calls of Do, and WithMaxDuration from when it was made. The first Do
# that fails uses the retries up; all later ones, and those of other goroutines, have one try. An exponential
# back-off goes on growing likewise. It must be made anew for each Do, which the doc comments do not say.
#
# Output seen, go1.26.8:
#   one backoff for all: 4 1 1 tries
#   made for each Do: 4 4 4 tries
# Fails if that changes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'GO'
module x

go 1.26.0

require github.com/sethvargo/go-retry v0.5.0
GO
cat > main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sethvargo/go-retry"
)

func policy() retry.Backoff {
	return retry.WithMaxRetries(3, retry.NewConstant(time.Millisecond))
}

func tries(b retry.Backoff) (n int) {
	_ = retry.Do(context.Background(), b, func(context.Context) error {
		n++
		return retry.RetryableError(errors.New("not yet"))
	})
	return n
}

func main() {
	shared := policy()
	a := [3]int{tries(shared), tries(shared), tries(shared)}
	b := [3]int{tries(policy()), tries(policy()), tries(policy())}
	fmt.Printf("one backoff for all: %d %d %d tries\nmade for each Do: %d %d %d tries\n", a[0], a[1], a[2], b[0], b[1], b[2])
	if a != [3]int{4, 1, 1} || b != [3]int{4, 4, 4} {
		os.Exit(1)
	}
}
GO
GOFLAGS=-mod=mod go run .
