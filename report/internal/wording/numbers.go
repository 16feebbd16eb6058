// Package wording puts what reports show into words: numbers, durations, calls of a history, and text from outside, made
// safe for one line. It also estimates how wide text is in a picture.
package wording

import (
	"math"
	"strings"
	"time"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
)

// Short formats a duration with three significant digits, as in 1.43s.
func Short(d time.Duration) string {
	if d < 0 {
		return "-" + Short(-max(d, -history.Forever)) // the smallest one has no opposite
	}
	if d == history.Forever {
		return "for ever"
	}
	if d >= time.Minute {
		return trimZeros(d.Round(time.Second).String())
	}
	if d >= 1000 {
		digits := int(math.Log10(float64(d))) - 2
		d = d.Round(time.Duration(math.Pow10(digits)))
	}
	return trimZeros(d.String())
}

// trimZeros makes 1h of 1h0m0s.
func trimZeros(s string) string {
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Count formats a number, with commas between thousands.
func Count(n int) string {
	return words.Count(n)
}

// Plural formats n of a thing.
func Plural(n int, thing string) string {
	return words.Plural(n, thing)
}

// Enumerated joins names: "a, b and c".
func Enumerated(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
