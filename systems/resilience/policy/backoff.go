package policy

import (
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
)

// A Jitter says how the delays of a [Backoff] are spread; see Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015.
type Jitter string

const (
	NoJitter     Jitter = "none"         // the delay doubles from try to try
	EqualJitter  Jitter = "equal"        // uniform in the upper half of that
	FullJitter   Jitter = "full"         // uniform between 0 and that
	Decorrelated Jitter = "decorrelated" // uniform between Base and three times the delay before it
)

// A Backoff is how long a client waits before each try after the first.
type Backoff struct {
	Base   time.Duration // before the second try
	Max    time.Duration // at most; 0: no bound
	Jitter Jitter        // default: NoJitter
}

// Delays returns the delays of one request before its tries 2, 3, …, by coordinates: of the same key they are the same. Each is
// longer by up to a microsecond, as no timer is exact, so that two requests that failed together never try again in the same nanosecond.
func (b Backoff) Delays(key keyed.Key) func() time.Duration {
	try, last := int64(1), b.Base
	return func() time.Duration {
		try++
		k := key.Int(try)
		last = b.delay(try, last, k)
		return last + time.Duration(k.With("late").Range(0, int64(time.Microsecond)))
	}
}

// delay returns the delay before a try, after the one before it.
func (b Backoff) delay(try int64, last time.Duration, k keyed.Key) time.Duration {
	if b.Jitter == Decorrelated {
		return b.capped(between(k, b.Base, 3*last))
	}
	full := b.Base
	for i := int64(2); i < try && full > 0 && (b.Max == 0 || full < b.Max); i++ {
		full *= 2
	}
	full = b.capped(full)
	switch b.Jitter {
	case EqualJitter:
		return between(k, full/2, full)
	case FullJitter:
		return between(k, 0, full)
	}
	return full
}

func (b Backoff) capped(d time.Duration) time.Duration {
	if b.Max > 0 {
		return min(d, b.Max)
	}
	return d
}

func between(k keyed.Key, from, to time.Duration) time.Duration {
	return time.Duration(k.Range(int64(from), int64(to)))
}
