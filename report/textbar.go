package report

import (
	"math"
	"strings"
	"time"
)

// A textLine is one line of a terminal on which bars are drawn.
type textLine []rune

func newTextLine(width int) textLine { return textLine(strings.Repeat(" ", max(width, 8))) }

// String returns the line without the blanks at its end.
func (c textLine) String() string { return strings.TrimRight(string(c), " ") }

func (c textLine) put(at int, s string) {
	for i, r := range []rune(s) {
		if at+i >= 0 && at+i < len(c) {
			c[at+i] = r
		}
	}
}

// column returns the column of a position in [0, 1].
func (c textLine) column(pos float64) int { return int(math.Round(pos * float64(len(c)-1))) }

// call draws a bar from invocation to completion, as in ├─ read → 23 ─┤. The bar of an
// indeterminate call is open: ├write 5╌╌╌.
func (c textLine) call(s scale, call shown) {
	from := min(c.column(s.pos(call.Invoke.Time)), len(c)-3)
	if indeterminate(call.Call) {
		c.bar(from, len(c)-1, "├", "╌", "╌", call.Label)
		return
	}
	to := max(c.column(s.pos(call.Complete.Time)), from+1)
	c.bar(from, to, "├", "─", "┤", call.Label)
}

// fault draws a fault; its ends are open where it was active outside of the
// window as well.
func (c textLine) fault(s scale, f activeFault, from, to time.Duration) {
	left, right := "├", "┤"
	a, b := 0, len(c)-1
	if f.From < from {
		left = "╌"
	} else {
		a = min(c.column(s.pos(f.From)), len(c)-3)
	}
	if f.To > to {
		right = "╌"
	} else {
		b = max(c.column(s.pos(f.To)), a+1)
	}
	c.bar(a, b, left, "─", right, f.Name)
}

// bar draws a bar with its label: within it, after it or before it, wherever
// there is room.
func (c textLine) bar(from, to int, left, line, right, label string) {
	c.put(from, left+strings.Repeat(line, max(0, to-from-1))+right)
	n, room := runes(label), to-from-1
	after, before := len(c)-to-2, from-1
	switch {
	case n <= room && line == "╌": // the label of an open bar begins at its start
		c.put(from+1, label)
	case n <= room:
		c.put(from+1+(room-n)/2, label)
	case n <= after:
		c.put(to+2, label)
	case n <= before:
		c.put(from-1-n, label)
	case room >= max(after, before):
		c.put(from+1, cut(label, room))
	case after >= before:
		c.put(to+2, cut(label, after))
	default:
		label = cut(label, before)
		c.put(from-1-runes(label), label)
	}
}

// cuts marks where the axis leaves time out, as far as the line is blank there. A blank between two words is part of a label.
func (c textLine) cuts(s scale) {
	for _, i := range s.cuts {
		at := c.column((s.at[i] + s.at[i+1]) / 2)
		if between := at > 0 && at < len(c)-1 && c[at-1] != ' ' && c[at+1] != ' '; c[at] == ' ' && !between {
			c[at] = '⋯'
		}
	}
}
