package report

import (
	"strings"

	"github.com/capsize-go/capsize/checker"
)

// A Style says how to write for a terminal. The zero Style is plain text, 100
// columns wide.
type Style struct {
	Color bool // use ANSI colours; whether to is the caller's to decide, as by NO_COLOR
	Width int  // columns, counted in runes; default 100, at least 60

	// Verbose also shows the metrics, and the log lines before the counterexample.
	Verbose bool
}

func (s Style) width() int {
	if s.Width <= 0 {
		return 100
	}
	return max(s.Width, 60)
}

// An ink is an ANSI colour.
type ink string

const (
	bold   ink = "1"
	faint  ink = "2"
	red    ink = "31"
	green  ink = "32"
	yellow ink = "33"
	blue   ink = "34"
	purple ink = "35"
)

// paint colours text if colours are wanted.
func (s Style) paint(i ink, text string) string {
	if !s.Color || i == "" || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + string(i) + "m" + text + "\x1b[0m"
}

// Bold returns text in bold if colours are wanted.
func (s Style) Bold(text string) string { return s.paint(bold, text) }

// Faint returns text in faint letters if colours are wanted.
func (s Style) Faint(text string) string { return s.paint(faint, text) }

// Verdict returns text in the colour of a verdict if colours are wanted.
func (s Style) Verdict(v checker.Verdict, text string) string { return s.paint(verdictInk(v), text) }

// verdictInk and verdictSign give the colour and the shape of a verdict.
func verdictInk(v checker.Verdict) ink {
	return [...]ink{green, yellow, red}[min(int(v), 2)]
}

func verdictSign(v checker.Verdict) string {
	return [...]string{"✓", "?", "✗"}[min(int(v), 2)]
}

// wrapParts joins parts with dots between them and breaks lines between parts.
func wrapParts(parts []string, width int) []string {
	const dot = " · "
	var lines []string
	for _, p := range parts {
		last := len(lines) - 1
		if last >= 0 && runes(lines[last])+runes(dot)+runes(p) <= width {
			lines[last] += dot + p
			continue
		}
		lines = append(lines, wrap(p, width)...)
	}
	return lines
}

func runes(s string) int { return len([]rune(s)) }

// pad fills s with spaces up to n runes.
func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-runes(s))) }

// padLeft puts spaces before s, up to n runes.
func padLeft(s string, n int) string { return strings.Repeat(" ", max(0, n-runes(s))) + s }
