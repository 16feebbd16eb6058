package words

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Abridged shortens a string to its end.
func Abridged(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return "…" + strings.ToValidUTF8(s[len(s)-most:], "")
}

// Nil stands for no value among integers.
const Nil = math.MinInt

// Count formats a number, with commas between thousands.
func Count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Plural counts things: "1 call", "2,000 calls".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

// AreOf says of some of all that they are something: "1 of 5 keys is", "the only key is", "all 5 keys are".
func AreOf(n, all int, noun string) string {
	switch {
	case n == 1 && all == 1:
		return "the only " + noun + " is"
	case n == all && all > 0:
		return "all " + Plural(all, noun) + " are"
	case n == 1 || all == 1:
		return Count(n) + " of " + Plural(all, noun) + " is"
	}
	return Count(n) + " of " + Plural(all, noun) + " are"
}

// On returns " on " and a key, or nothing if there is none.
func On(key string) string {
	if key == "" {
		return ""
	}
	return " on " + key
}

// Of returns a preposition and a key, with a space before each, or nothing if there is no key.
func Of(key, preposition string) string {
	if key == "" {
		return ""
	}
	return " " + preposition + " " + key
}

// Duration formats a duration with as many digits as a reader needs.
func Duration(d time.Duration) string {
	for unit := time.Second; unit > time.Nanosecond; unit /= 1000 {
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.String()
}

// Value formats a value.
func Value(v any) string {
	switch {
	case v == any(Nil):
		return "nil"
	case v == any(""):
		return "nothing"
	}
	if s, ok := v.(string); ok {
		return strconv.Quote(Abridged(strings.TrimPrefix(s, "\x00")))
	}
	return fmt.Sprint(v)
}

// Because returns an error in parentheses, with a space before them, or nothing if there is none.
func Because(err string) string {
	if err = strings.TrimSpace(err); err == "" {
		return ""
	}
	return " (" + err + ")"
}
