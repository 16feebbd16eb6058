package report

import (
	"testing"
	"time"
)

// TestCutsSpareLabels marks a cut of the axis on lines that are blank there, and not between two words of a label.
func TestCutsSpareLabels(t *testing.T) {
	s := scale{times: []time.Duration{0, 1}, at: []float64{0, 1}, cuts: []int{0}}
	for text, want := range map[string]string{
		"":           "     ⋯",
		"read":       "read ⋯",
		" read 1":    " read 1",
		"read → 391": "read → 391",
		"  ├──┤":     "  ├──┤",
	} {
		line := newTextLine(11)
		line.put(0, text)
		line.cuts(s)
		if got := line.String(); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
