package sequence

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report/internal/wording"
)

// numerals number the steps.
var numerals = []string{"①", "②", "③", "④", "⑤", "⑥", "⑦", "⑧", "⑨"}

// Numeral returns the sign of step i, from 0 on.
func Numeral(i int) string {
	if i < len(numerals) {
		return numerals[i]
	}
	return fmt.Sprint(i+1, ".")
}

// drawHeadings writes above the stretches which steps of the account they show: at the beginning of its stretch, or else
// where the step is, or else at the end of the stretch.
func (d *drawing) drawHeadings() {
	for i, step := range d.Steps {
		n := d.axis.at(step.At)
		if n < 0 && step.From != 0 {
			n = d.axis.at(step.From)
		}
		if n < 0 || step.Title == "" {
			continue
		}
		s := d.axis.stretches[n]
		spots := []spot{{s.x0 + 4, 16, start}, {d.axis.x(step.At), 16, start}, {s.x1, 16, end}}
		brief, _, _ := strings.Cut(step.Title, " on ")
		for _, text := range []string{Numeral(i) + " " + step.Title, Numeral(i) + " " + brief, Numeral(i)} {
			if d.label("seg", 12.5, text, spots...) {
				break
			}
		}
	}
}

// drawCalls draws the calls of the counterexample as bars in the lanes of their processes.
func (d *drawing) drawCalls() {
	calls := slices.Clone(d.Calls)
	slices.SortStableFunc(calls, func(a, b Call) int { // what is to blame has the first choice of places for labels
		switch {
		case a.Blamed == b.Blamed:
			return 0
		case a.Blamed:
			return -1
		}
		return 1
	})
	for _, c := range calls {
		d.drawCall(c)
	}
	d.measure()
}

func (d *drawing) drawCall(c Call) {
	i := slices.IndexFunc(d.lanes, func(l lane) bool { return l.process == c.Invoke.Process })
	if i < 0 {
		return
	}
	y := d.lanes[i].y
	a := d.axis.x(c.Invoke.Time)
	b := d.width - rightMargin
	if c.Complete.Type != history.Info {
		b = max(d.axis.x(c.Complete.Time), a+3)
	}
	d.group("call "+className(c), callTitle(c), func() { d.rounded("", a, y-6, b-a, 12, 2) })
	d.obstruct(box{a, y - 6, b, y + 6})
	class, sign, px := "cn", "", 12.5
	if c.Blamed {
		class, sign, px = "cn bad", "✗ ", 13.5
	}
	text := sign + c.Label + ending(c)
	below, above := y+22, y-12
	spots := []spot{{a, below, start}, {b, below, end}, {a, above, start}, {b, above, end}, {a - 6, y + 4.5, end}, {b + 6, y + 4.5, start}}
	if c.Blamed {
		spots = []spot{{b, above, end}, {a, above, start}, {a, below, start}, {b, below, end}, {a - 6, y + 4.5, end}}
	}
	if d.label(class, px, text, spots...) {
		return
	}
	d.label(class, px, wording.Fit(text, px, d.width-a-rightMargin), spots[0])
}

func className(c Call) string {
	switch {
	case c.Blamed:
		return "bad"
	case c.Complete.Type == history.Info:
		return "info"
	case c.Complete.Type == history.Fail:
		return "fail"
	}
	return "ok"
}

func ending(c Call) string {
	switch {
	case c.Complete.Type == history.Info:
		return ", no answer"
	case c.Complete.Type == history.OK && c.Complete.Output == nil, c.Complete.Type == history.OK && fmt.Sprint(c.Complete.Output) == "0" && !c.Blamed:
		return ", acknowledged"
	}
	return ""
}

func callTitle(c Call) string {
	s := fmt.Sprintf("process %d: %s, invoked at %s", c.Invoke.Process, c.Label, exact(c.Invoke.Time))
	switch {
	case c.Open():
		s += ", never returned"
	case c.Complete.Type == history.Info:
		s += ", given up at " + exact(c.Complete.Time)
	default:
		s += ", returned at " + exact(c.Complete.Time)
	}
	if c.Complete.Err != "" {
		s += ": " + wording.Clean(c.Complete.Err, 200)
	}
	return s
}

// measure draws how long before the call to blame the last other call had ended.
func (d *drawing) measure() {
	i := slices.IndexFunc(d.Calls, func(c Call) bool { return c.Blamed })
	if i < 0 {
		return
	}
	blamed, before := d.Calls[i], time.Duration(-1)
	for _, c := range d.Calls {
		if !c.Blamed && c.Complete.Type == history.OK && c.Complete.Time < blamed.Invoke.Time {
			before = max(before, c.Complete.Time)
		}
	}
	l := slices.IndexFunc(d.lanes, func(l lane) bool { return l.process == blamed.Invoke.Process })
	if before < 0 || l < 0 {
		return
	}
	a, b, y := d.axis.x(before), d.axis.x(blamed.Invoke.Time), d.lanes[l].y
	if b-a < 12 {
		return
	}
	d.path("meas", "M"+num(a)+" "+num(y-5)+"v10M"+num(a)+" "+num(y)+"H"+num(b))
	text := wording.Short(blamed.Invoke.Time-before) + " later"
	d.label("me", 11.5, text, spot{b - 2, y + 15, end}, spot{b - 2, y - 8, end}, spot{a + 4, y + 15, start})
}

// drawMarks draws the instants that the account marks.
func (d *drawing) drawMarks() {
	for _, s := range d.Steps {
		for _, m := range s.Marks {
			i := d.laneOf(m.Host, m.At)
			if i < 0 || d.axis.at(m.At) < 0 {
				continue
			}
			x, y := d.axis.x(m.At), d.lanes[i].y
			d.group("mark", wording.Clean(m.Text, 120)+", at "+exact(m.At), func() { d.circle(x, y, 4.5) })
			text := wording.Clean(m.Text, 40)
			d.label("cm", 11.5, text, spot{x - 6, y + 21, end}, spot{x - 6, y - 9, end}, spot{x + 6, y - 9, start}, spot{x + 6, y + 21, start})
		}
	}
}

// draw draws the picture from the back to the front. Labels are placed in the order of what matters most.
func (d *drawing) draw() {
	d.drawTime()
	d.drawHeadings()
	faults := d.layer(d.drawFaults)
	lanes := d.layer(d.drawLanes)
	calls := d.layer(d.drawCalls)
	down := d.layer(d.drawDown)
	roles := d.layer(d.drawRoles)
	marks := d.layer(d.drawMarks)
	messages := d.layer(d.drawMessages)
	for _, part := range []string{faults, lanes, roles, down, messages, calls, marks} {
		d.b.WriteString(part)
	}
	d.drawTexts()
}
