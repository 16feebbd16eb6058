package resilience

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/internal/words"
)

// An Interval is the time from From until To, which is not in it, both since the start of the run. If To is 0, it lasts to the end of the
// history; so the zero Interval is the whole history. A call is in an interval if it began in it.
type Interval struct{ From, To time.Duration }

// Contains reports whether an instant is in the interval.
func (s Interval) Contains(at time.Duration) bool { return at >= s.From && (s.To == 0 || at < s.To) }

// String says from when to when.
func (s Interval) String() string {
	switch {
	case s == Interval{}:
		return "in the whole history"
	case s.To == 0:
		return fmt.Sprintf("from %s on", words.Duration(s.From))
	}
	return fmt.Sprintf("from %s to %s", words.Duration(s.From), words.Duration(s.To))
}

// until returns the span with an end.
func (s Interval) until(end time.Duration) Interval {
	if s.To == 0 {
		s.To = end
	}
	return s
}

// length returns how long the span lasts.
func (s Interval) length() time.Duration { return max(0, s.To-s.From) }
