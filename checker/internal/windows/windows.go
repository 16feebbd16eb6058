// Package windows counts instants in windows of time.
package windows

import "time"

// Busiest returns the most of sorted instants that are within one window, and when that window begins. O(n).
func Busiest(at []time.Duration, window time.Duration) (most int, begin time.Duration) {
	from := 0
	for to := range at {
		for at[to]-at[from] >= window {
			from++
		}
		if n := to - from + 1; n > most {
			most, begin = n, at[from]
		}
	}
	return most, begin
}
