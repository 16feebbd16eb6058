package checker

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/capsize-go/capsize/history"
)

// abridged shortens a string to its end.
func abridged(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return "…" + strings.ToValidUTF8(s[len(s)-most:], "")
}

// nilInt stands for no value among integers.
const nilInt = math.MinInt

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// areOf says of some of all that they are something: "1 of 5 keys is".
func areOf(n, all int, noun string) string {
	verb := "are"
	if n == 1 || all == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%d of %s %s", n, plural(all, noun), verb)
}

func on(key string) string {
	if key == "" {
		return ""
	}
	return " on " + key
}

func of(key, preposition string) string {
	if key == "" {
		return ""
	}
	return " " + preposition + " " + key
}

// short formats a duration with as many digits as a reader needs.
func short(d time.Duration) string {
	for unit := time.Second; unit > time.Nanosecond; unit /= 1000 {
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.String()
}

// text formats a value.
func text(v any) string {
	switch {
	case v == any(nilInt):
		return "nil"
	case v == any(""):
		return "nothing"
	}
	if s, ok := v.(string); ok {
		return strconv.Quote(abridged(strings.TrimPrefix(s, "\x00")))
	}
	return fmt.Sprint(v)
}

func because(err string) string {
	if err = strings.TrimSpace(err); err == "" {
		return ""
	}
	return " (" + err + ")"
}

// place says which op is meant.
func place(o history.Op) string {
	at := ""
	if o.Node != "" {
		at = " at " + o.Node
	}
	return fmt.Sprintf("process %d%s (op %d)", o.Process, at, o.Index)
}
