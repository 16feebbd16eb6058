package latency

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
)

// A Calm says when links are calm: each then takes a millisecond, in place of a time that is drawn. The zero value is never.
// Times are since the run began. A run that was minimised is calm, or is so before and after what needs the noise.
type Calm struct {
	Until time.Duration // links are calm before it
	From  time.Duration // and from it on, unless it is 0
}

// Always is calm at all times.
var Always = Calm{Until: math.MaxInt64}

// Of returns how long a link takes for what is sent at instant t.
func (c Calm) Of(link keyed.Key, t time.Duration) time.Duration {
	if t < c.Until || c.From > 0 && t >= c.From {
		return time.Millisecond
	}
	return Of(link, t)
}

// String formats when links are calm as UnmarshalText reads it: "never", "always", "until 3s", "from 5s", or "until 3s, from 5s".
func (c Calm) String() string {
	switch {
	case c.Until == math.MaxInt64 || c.From > 0 && c.From <= c.Until:
		return "always"
	case c.Until <= 0 && c.From <= 0:
		return "never"
	case c.From <= 0:
		return fmt.Sprint("until ", c.Until)
	case c.Until <= 0:
		return fmt.Sprint("from ", c.From)
	}
	return fmt.Sprintf("until %v, from %v", c.Until, c.From)
}

// MarshalText returns what String does.
func (c Calm) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what String returns. The error says what is wrong.
func (c *Calm) UnmarshalText(text []byte) error {
	switch string(text) {
	case "", "never":
		*c = Calm{}
		return nil
	case "always":
		*c = Always
		return nil
	}
	var got Calm
	for part := range strings.SplitSeq(string(text), ", ") {
		word, rest, _ := strings.Cut(part, " ")
		d, err := time.ParseDuration(rest)
		switch {
		case err != nil || d <= 0:
			return fmt.Errorf(`calm %q: it is "never", "always", "until 3s", "from 5s", or "until 3s, from 5s"`, text)
		case word == "until" && got.Until == 0:
			got.Until = d
		case word == "from" && got.From == 0:
			got.From = d
		default:
			return fmt.Errorf(`calm %q: %q is neither "until" nor "from", or is there twice`, text, word)
		}
	}
	*c = got
	return nil
}
