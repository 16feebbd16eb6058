package nemesis

import (
	"encoding/json"
	"fmt"
	"time"
)

// A jsonDuration is a duration that is kept in JSON as Go writes it.
type jsonDuration time.Duration

// or returns the duration, or otherwise if none is set.
func (s jsonDuration) or(otherwise time.Duration) time.Duration {
	if s <= 0 {
		return otherwise
	}
	return time.Duration(s)
}

// MarshalJSON returns the duration as a string: "200ms".
func (s jsonDuration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(s).String()) }

// UnmarshalJSON reads a string like "200ms".
func (s *jsonDuration) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("a duration is a string like \"200ms\": %w", err)
	}
	d, err := time.ParseDuration(text)
	*s = jsonDuration(d)
	return err
}
