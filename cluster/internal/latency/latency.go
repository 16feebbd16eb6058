// Package latency draws how long links take.
package latency

import (
	"math"
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
)

// Of returns how long the link of a key takes at instant t: half a millisecond to
// one and a half, and up to twenty for one in a hundred. It is drawn anew each
// millisecond; what is sent within the same one takes as long.
func Of(link keyed.Key, t time.Duration) time.Duration {
	k := link.Int(int64(t / time.Millisecond))
	u := k.Uint64()
	d := 500*time.Microsecond + time.Duration(u%1000)*time.Microsecond
	if u>>32%100 == 0 {
		d += time.Duration(u>>40%18500) * time.Microsecond
	}
	return d
}

// Spread returns a delay with that mean for u, which is drawn between 0 and 1. How it is distributed is "uniform", "exponential" or
// "long-tail"; any other text stands for the mean.
func Spread(how string, mean time.Duration, u float64) time.Duration {
	switch how {
	case "uniform":
		u *= 2
	case "exponential":
		u = -math.Log(1 - u)
	case "long-tail":
		u = min(math.Pow(1-u, -1/1.5)/3, 100)
	default:
		return mean
	}
	return time.Duration(u * float64(mean))
}
