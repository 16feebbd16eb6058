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
	Features Features      // of the whole run are recorded in place of all else, whatever the times
}

// Features says which features of a run are recorded, as bits: numbers that stand for what it came by, so that two runs can be compared by what one did and
// the other did not. They cost less than a recording. See package internal/hunt/guide, which looks for new ones.
type Features uint8

// The features of a run. Roles are those of [cluster.Host.SetRole].
const (
	// Edges are the kinds of messages by the roles of sender and receiver and by their fate, with how many there were to a power of two, and which kind of
	// message was sent because of which.
	Edges Features = 1 << iota
	// States are the states of the whole cluster: of each node its role, its term in comparison with the least one, whether it is up,
	// and what it says of itself by [Abstract].
	States
)

// On reports whether anything is to be recorded.
func (w Window) On() bool { return w.To > 0 || w.Features != 0 }

// String formats the window as UnmarshalText reads it: "1.5s,2s". It is empty if no messages are recorded.
func (w Window) String() string {
	if w.To <= 0 {
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
