package resilience

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/internal/words"
)

// A Span is the time from From until To, which is not in it, both since the start of the run. If To is 0, it lasts to the end of the
// history; so the zero Span is the whole history. A call is in a span if it began in it.
type Span struct{ From, To time.Duration }

// Contains reports whether an instant is in the span.
func (s Span) Contains(at time.Duration) bool { return at >= s.From && (s.To == 0 || at < s.To) }

// String says from when to when.
func (s Span) String() string {
	switch {
	case s == Span{}:
		return "in the whole history"
	case s.To == 0:
		return fmt.Sprintf("from %s on", words.Duration(s.From))
	}
	return fmt.Sprintf("from %s to %s", words.Duration(s.From), words.Duration(s.To))
}

// until returns the span with an end.
func (s Span) until(end time.Duration) Span {
	if s.To == 0 {
		s.To = end
	}
	return s
}

// length returns how long the span lasts.
func (s Span) length() time.Duration { return max(0, s.To-s.From) }
