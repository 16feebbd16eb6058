#!/usr/bin/env bash
# github.com/go-redis/redis_rate/v10 v10.0.1
#
# What one would guess: PerSecond(10) has a burst of 10. A key that was never used admits 10 requests at once,
# on any day.
# What happens: 10 up to 4 July 2025, and 9 from then on. The script keeps the time as seconds since
# 1 January 2017 in a Lua number, a float64. At 2^28 seconds, on 4 July 2025, its last binary place doubles, and the
# rounding of nine additions of 0.1 s makes the tenth request come a fraction of a
# microsecond too early. A burst of 20 admits 19 on either side of that date, and one of 5 admits 5.
#
# miniredis, whose clock can be set; requests one after another while its clock stands still, at 50
# instants of each month. Output seen, go1.26.8:
#   PerSecond(10) at 50 instants of 2025-06: admits 10 at 50, 9 at 0
#   PerSecond(10) at 50 instants of 2025-08: admits 10 at 0, 9 at 50
#   PerSecond(10) at 50 instants of 2026-11: admits 10 at 0, 9 at 50
# Fails if a later month admits 10.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'GO'
module x

go 1.26.0

require (
	github.com/alicebob/miniredis/v2 v2.40.0
	github.com/go-redis/redis_rate/v10 v10.0.1
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
	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

func main() {
	server, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	limiter := redis_rate.NewLimiter(client)
	ctx := context.Background()
	tens := map[string]int{}
	for _, month := range []string{"2025-06", "2025-08", "2026-11"} {
		begin, _ := time.Parse("2006-01", month)
		counts := map[int]int{}
		for i := range 50 {
			server.SetTime(begin.Add(time.Duration(i)*(11*time.Hour) + time.Duration(i)*123457*time.Microsecond))
			n := 0
			for range 12 {
				r, err := limiter.Allow(ctx, fmt.Sprint(month, i), redis_rate.PerSecond(10))
				if err != nil {
					log.Fatal(err)
				}
				n += r.Allowed
			}
			counts[n]++
		}
		fmt.Printf("PerSecond(10) at 50 instants of %s: admits 10 at %d, 9 at %d\n", month, counts[10], counts[9])
		tens[month] = counts[10]
	}
	if tens["2025-08"] != 0 || tens["2026-11"] != 0 || tens["2025-06"] == 0 {
		os.Exit(1)
	}
}
GO
GOFLAGS=-mod=mod go run .
