package trace

import (
	"fmt"
	"strings"
	"time"
)

// MostMessages is how many messages are kept of a [Window] that says nothing else.
const MostMessages = 100_000

// A Window is the stretch of a run that is recorded. The zero value records nothing.
type Window struct {
	From, To time.Duration // of virtual time since the run began; nothing is recorded if To is 0
	Most     int           // how many messages are kept, half of them the first and half the last ones; default [MostMessages]
}

// On reports whether anything is to be recorded.
func (w Window) On() bool { return w.To > 0 }

// String formats the window as UnmarshalText reads it: "1.5s,2s". It is empty if nothing is recorded.
func (w Window) String() string {
	if !w.On() {
		return ""
	}
	return fmt.Sprintf("%v,%v", w.From, w.To)
}

// UnmarshalText reads what String wrote, and an empty text as a window that is off. The error says what is wrong.
func (w *Window) UnmarshalText(text []byte) error {
	*w = Window{}
	if len(text) == 0 {
		return nil
	}
	from, to, _ := strings.Cut(string(text), ",")
	var err error
	if w.From, err = time.ParseDuration(from); err == nil {
		w.To, err = time.ParseDuration(to)
	}
	if err != nil {
		return fmt.Errorf("window to record: %w", err)
	}
	if w.From < 0 || w.To <= w.From {
		return fmt.Errorf("window to record: from %v to %v", w.From, w.To)
	}
	return nil
}
