package savedrun

import (
	"bytes"
	"unicode/utf8"
)

// A Difference is where two histories differ first. Its two lines are never the same
// text; the zero value stands for histories that are alike.
type Difference struct {
	Line          int // from 1
	First, Second string
}

// ended stands for the line of a history that has no more.
const ended = "(it has ended)"

// Lines returns the first line in which two histories, each as JSON lines, differ.
// Lines that are long are cut to what surrounds the difference.
func Lines(a, b []byte) Difference {
	was, is := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range max(len(was), len(is)) {
		if x, y := lineAt(was, i), lineAt(is, i); x != y {
			x, y = Apart(x, y)
			return Difference{i + 1, x, y}
		}
	}
	return Difference{}
}

func lineAt(lines [][]byte, i int) string {
	if i >= len(lines) {
		return ended
	}
	line := bytes.TrimSuffix(lines[i], []byte("\r")) // git may have put it there
	if len(line) == 0 {
		return ended
	}
	return string(line)
}

// Apart cuts two texts that differ to what surrounds the first difference, so that
// both can be printed and still differ.
func Apart(a, b string) (string, string) {
	const before, after = 160, 160 // bytes
	first := 0
	for first < min(len(a), len(b)) && a[first] == b[first] {
		first++
	}
	from := 0
	if first > before+40 {
		from = first - before
	}
	return clip(a, from, first+after), clip(b, from, first+after)
}

// clip returns s[from:to] with marks where something was cut off.
func clip(s string, from, to int) string {
	for from > 0 && from < len(s) && !utf8.RuneStart(s[from]) {
		from--
	}
	for to < len(s) && !utf8.RuneStart(s[to]) {
		to++
	}
	left, right := "", ""
	if from > 0 {
		left = "…"
	}
	if to < len(s)-40 {
		right = "…"
	} else {
		to = len(s)
	}
	return left + s[min(from, len(s)):min(to, len(s))] + right
}

// Prefix is [Lines] for a history that was cut short: what the other goes on with is no
// difference.
func Prefix(short, whole []byte) Difference {
	lines := bytes.SplitAfter(whole, []byte("\n"))
	n := bytes.Count(short, []byte("\n"))
	return Lines(short, bytes.Join(lines[:min(n, len(lines))], nil))
}
