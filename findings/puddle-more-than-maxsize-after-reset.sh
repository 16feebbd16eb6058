#!/usr/bin/env bash
# github.com/jackc/puddle/v2 v2.2.3
#
# What one would guess: a pool with MaxSize 2 never has more than two resources open, as a database that admits two
# connections needs it. Destroy does so: it gives the place back once the destructor has returned.
# What happens: Reset gives the places of idle resources back at once and has the destructor run in the background, and so
# does Release for a resource that was in use at the time of Reset. While old resources are being closed, new ones are made: up
# to twice MaxSize are open, and with a slow destructor and a second Reset more.
#
# It was found by a harness with four goroutines and a Reset under a swarm of schedules (seed 22, priorities/1024: "more than
# MaxSize are open"). Without Reset none of 15,000 seeds showed it. Output seen, go1.26.8:
#   MaxSize 2, after Destroy of two that take long to close: 2 open, no new one
#   MaxSize 2, after Reset of two that take long to close: 4 open
# Fails if that changes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'GO'
module x

go 1.26.0

require github.com/jackc/puddle/v2 v2.2.3
GO
cat > x_test.go <<'GO'
package x

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/puddle/v2"
)

// most returns how many resources are open a second after two of them were given up, which take a minute to close. Two
// callers want one then.
func most(t *testing.T, giveUp func(*puddle.Pool[int], []*puddle.Resource[int])) (open int64) {
	synctest.Test(t, func(*testing.T) {
		var n atomic.Int64
		p, err := puddle.NewPool(&puddle.Config[int]{
			MaxSize:     2,
			Constructor: func(context.Context) (int, error) { n.Add(1); return 0, nil },
			Destructor:  func(int) { time.Sleep(time.Minute); n.Add(-1) },
		})
		if err != nil {
			t.Fatal(err)
		}
		var all []*puddle.Resource[int]
		for range 2 {
			r, err := p.Acquire(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
		giveUp(p, all)
		for range 2 {
			go func() {
				if r, err := p.Acquire(context.Background()); err == nil {
					time.Sleep(time.Hour)
					r.Release()
				}
			}()
		}
		time.Sleep(time.Second)
		open = n.Load()
		time.Sleep(2 * time.Hour)
		p.Close()
	})
	return open
}

func TestX(t *testing.T) {
	destroyed := most(t, func(_ *puddle.Pool[int], all []*puddle.Resource[int]) {
		for _, r := range all {
			r.Destroy()
		}
	})
	reset := most(t, func(p *puddle.Pool[int], all []*puddle.Resource[int]) {
		for _, r := range all {
			r.Release()
		}
		p.Reset()
	})
	fmt.Printf("MaxSize 2, after Destroy of two that take long to close: %d open, no new one\n", destroyed)
	fmt.Printf("MaxSize 2, after Reset of two that take long to close: %d open\n", reset)
	if destroyed != 2 || reset != 4 {
		t.Fatal("it is no longer so")
	}
}
GO
GOFLAGS=-mod=mod go test -count=1 -v . | grep MaxSize
