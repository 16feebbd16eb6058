#!/usr/bin/env bash
# github.com/sony/gobreaker/v2 v2.4.0
#
# What one would guess: a closed breaker with Interval 2 s and ReadyToTrip after 3 failures opens when calls fail that
# each take 1.5 s: Interval clears the counts, and within 2 s at least three of ten calls in flight fail.
# What happens: a result counts only if its call began in the present interval. Calls that take longer than what was
# left of the interval are dropped from the counts, failures too. With calls that all began in the second half of an
# interval, none of the failures is ever counted, and the breaker stays closed: slow failures, which it is
# there for, are those that it does not see.
#
# Output seen, go1.26.8:
#   10 calls that began late in an interval and failed in the next: state closed, 0 failures counted
#   10 calls that began early and failed in the same: state open
# Fails if that changes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'GO'
module x

go 1.26.0

require github.com/sony/gobreaker/v2 v2.4.0
GO
cat > x_test.go <<'GO'
package x

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
)

// fail has ten calls begin after a while, each of which fails a second and a half later.
func fail(t *testing.T, after time.Duration) (state gobreaker.State, failures uint32) {
	synctest.Test(t, func(*testing.T) {
		b := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{
			Interval: 2 * time.Second, Timeout: time.Minute,
			ReadyToTrip: func(c gobreaker.Counts) bool { return c.TotalFailures >= 3 },
		})
		time.Sleep(after)
		var wait sync.WaitGroup
		for range 10 {
			wait.Go(func() {
				_, _ = b.Execute(func() (int, error) {
					time.Sleep(1500 * time.Millisecond)
					return 0, errors.New("slow, and failed")
				})
			})
		}
		wait.Wait()
		state, failures = b.State(), b.Counts().TotalFailures
	})
	return state, failures
}

func TestX(t *testing.T) {
	late, counted := fail(t, 1900*time.Millisecond)
	early, _ := fail(t, 100*time.Millisecond)
	fmt.Printf("10 calls that began late in an interval and failed in the next: state %v, %d failures counted\n", late, counted)
	fmt.Printf("10 calls that began early and failed in the same: state %v\n", early)
	if late != gobreaker.StateClosed || counted != 0 || early != gobreaker.StateOpen {
		t.Fatal("it is no longer so")
	}
}
GO
GOFLAGS=-mod=mod go test -count=1 -v . | grep calls
