package nemesis

import (
	"encoding/json"
	"fmt"
	"time"
)

// A span is a duration that is kept in JSON as Go writes it.
type span time.Duration

// or returns the span, or what is meant by none.
func (s span) or(otherwise time.Duration) time.Duration {
	if s <= 0 {
		return otherwise
	}
	return time.Duration(s)
}

// MarshalJSON returns the span as a string: "200ms".
func (s span) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(s).String()) }

// UnmarshalJSON reads a string like "200ms".
func (s *span) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("a duration is a string like \"200ms\": %w", err)
	}
	d, err := time.ParseDuration(text)
	*s = span(d)
	return err
}
