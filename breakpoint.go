package capsize

import (
	"fmt"
	"strings"
	"time"
)

// A Breakpoint stops a run at an instant of virtual time, so that one can look what its
// goroutines do there. A run that was stopped is unknown: nothing judges half a history.
type Breakpoint struct {
	At   time.Duration // since the run began, as in histories and logs; 0: nowhere
	Wait bool          // wait there for a debugger, and go on after it
}

// ParseBreakpoint reads "22.4s", or "22.4s,wait". The error says what is wrong.
func ParseBreakpoint(text string) (b Breakpoint, err error) {
	at, wait, comma := strings.Cut(text, ",")
	if b.At, err = time.ParseDuration(at); err != nil {
		return b, fmt.Errorf("the instant to stop at: %w", err)
	}
	if b.At <= 0 {
		return b, fmt.Errorf("the instant to stop at is %v, and must be more than 0", b.At)
	}
	if b.Wait = comma; comma && wait != "wait" {
		return b, fmt.Errorf(`after the instant to stop at stands %q; only "wait" is known`, wait)
	}
	return b, nil
}

// String formats the breakpoint as [ParseBreakpoint] reads it.
func (b Breakpoint) String() string {
	switch {
	case b.At == 0:
		return ""
	case b.Wait:
		return b.At.String() + ",wait"
	}
	return b.At.String()
}
