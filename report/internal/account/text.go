package account

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/internal/words"
)

// Lines formats an account for a terminal or a comment: numbered, with its instants, no line wider than width, and at most
// most lines. Steps that find no room are left out, those of the least weight first.
func Lines(steps []Step, width, most int) []string {
	for {
		lines := lines(steps, width)
		if len(lines) <= most || len(steps) <= 1 {
			return lines[:min(most, len(lines))]
		}
		steps = limit(append([]Step(nil), steps...), len(steps)-1)
	}
}

func lines(steps []Step, width int) []string {
	wide := 0
	for _, s := range steps {
		wide = max(wide, len(s.When()))
	}
	var all []string
	for i, s := range steps {
		prefix := fmt.Sprintf("%d  %*s  ", i+1, wide, s.When())
		text := words.Wrap(s.String(), max(width-len(prefix), 20))
		for _, line := range text {
			all = append(all, strings.TrimRight(prefix+line, " "))
			prefix = strings.Repeat(" ", len(prefix))
		}
	}
	return all
}
