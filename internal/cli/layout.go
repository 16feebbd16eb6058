package cli

import (
	"fmt"
	"strconv"
	"strings"
)

// defaultWidth is how many columns lines have where there is no terminal.
const defaultWidth = 100

// width returns how many columns lines may have.
func (a *app) width() int {
	if a.style.Width <= 0 {
		return defaultWidth
	}
	return max(a.style.Width, 60)
}

// number formats a number, with commas from five digits on.
func number(n int) string {
	s := strconv.Itoa(n)
	if len(s) < 5 {
		return s
	}
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural counts things: "1 run", "2 runs".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%s %ss", number(n), thing)
}

// wrapped breaks text into lines of at most width runes, between words where it can.
func wrapped(text string, width int) (lines []string) {
	width = max(width, 10)
	line := ""
	for _, word := range strings.Fields(text) {
		r := []rune(word)
		for len(r) > width {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			lines, r = append(lines, string(r[:width])), r[width:]
		}
		switch word = string(r); {
		case line == "":
			line = word
		case len([]rune(line))+1+len(r) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// writeWrapped writes text after a prefix; further lines begin below the text.
func writeWrapped(b *strings.Builder, prefix, text string, width int) {
	indent := len([]rune(prefix))
	for i, line := range wrapped(text, width-indent) {
		if i > 0 {
			prefix = strings.Repeat(" ", indent)
		}
		b.WriteString(prefix + line + "\n")
	}
}
