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

// UnmarshalText reads "22.4s", or "22.4s,wait". The error says what is wrong.
func (b *Breakpoint) UnmarshalText(text []byte) error {
	at, wait, comma := strings.Cut(string(text), ",")
	d, err := time.ParseDuration(at)
	if err != nil {
		return fmt.Errorf("the instant to stop at: %w", err)
	}
	if d <= 0 {
		return fmt.Errorf("the instant to stop at is %v, and must be more than 0", d)
	}
	if comma && wait != "wait" {
		return fmt.Errorf(`after the instant to stop at stands %q; only "wait" is known`, wait)
	}
	*b = Breakpoint{At: d, Wait: comma}
	return nil
}

// String formats the breakpoint as [Breakpoint.UnmarshalText] reads it.
func (b Breakpoint) String() string {
	switch {
	case b.At == 0:
		return ""
	case b.Wait:
		return b.At.String() + ",wait"
	}
	return b.At.String()
}
