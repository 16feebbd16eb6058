package cli

import (
	"strings"

	"github.com/capsize-go/capsize/internal/words"
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

// Numbers are put into words as everywhere: "1 run", "2,000 runs".
var number, plural = words.Count, words.Plural

// wrapped breaks text into lines of at most width runes, between words where it can.
func wrapped(text string, width int) []string {
	return words.Wrap(text, max(width, 10))
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
