package report

import (
	"fmt"
	"math"
	"time"

	"github.com/capsize-go/capsize/internal/sorting"
)

// A bandMark is a label above the chart: the name of a fault or of a phase.
type bandMark struct {
	at   time.Duration
	x    float64
	row  int
	text string
}

// bandMarks are the labels above the chart, in rows such that none meets another.
type bandMarks struct {
	all  []bandMark
	rows int
	left int // faults without a label, for want of room
}

// bandLabels places the labels of faults and phases.
func (c *chart) bandLabels(run Run, width float64) bandMarks {
	rows, longest := 3, 190.0
	if width < 500 {
		rows, longest = 4, 150
	}
	shelf := &shelf{most: rows}
	var m bandMarks
	all := during(spans(run.history(), run.end()), 0, run.end())
	if len(all) > manyBands {
		m.put(c, shelf, 0, census(all), width-c.left-20, false)
		all = nil
	}
	for _, f := range all {
		m.put(c, shelf, f.From, f.Name, longest, true)
	}
	for _, p := range c.phases(run) {
		m.put(c, shelf, p.At, p.Name, longest, false)
	}
	m.rows = max(len(shelf.rows), 1)
	if m.left > 0 {
		m.rows++
	}
	return m
}

func (m *bandMarks) put(c *chart, s *shelf, at time.Duration, name string, longest float64, counts bool) {
	const px = 11
	text := fit(name, px, longest)
	w := textWidth(text, px)
	x := min(c.x(at)+4, c.width-w-2)
	row := s.place(x, x+w+8)
	if row < 0 {
		if counts {
			m.left++
		}
		return
	}
	m.all = append(m.all, bandMark{at, x, row, text})
}

// bands draws the faults and the phases behind everything else.
func (c *chart) bands(run Run, m bandMarks) {
	all := during(spans(run.history(), run.end()), 0, run.end())
	if len(all) > manyBands {
		all = merge(all, c)
	}
	for _, f := range all {
		c.rect("band", c.x(f.From), 2, max(c.x(f.To)-c.x(f.From), 1.5), c.floor-2, 0, tooltip(f))
	}
	lines := ""
	for _, p := range c.phases(run) {
		lines += "M" + num(c.x(p.At)) + " 2V" + num(c.floor)
	}
	c.path("phase", lines, "")
	for _, l := range m.all {
		c.text("t", l.x, 14+15*float64(l.row), start, l.text)
	}
	if m.left > 0 {
		c.text("t", c.left, 14+15*float64(m.rows-1), start, fmt.Sprintf("and %s, named in the plan below", plural(m.left, "more fault")))
	}
}

// census names the commonest of many faults.
func census(all []span) string {
	n := map[string]int{}
	for _, f := range all {
		n[f.Name]++
	}
	names := sortedKeys(n)
	sorting.Stable(names, func(a, b string) int { return n[b] - n[a] })
	s := plural(len(all), "fault") + ":"
	for i, name := range names {
		if i == 6 {
			return s + " …"
		}
		s += fmt.Sprintf(" %s × %s", count(n[name]), name)
		if i+1 < len(names) {
			s += ","
		}
	}
	return s
}

// phases returns the phases that began in the picture and not at its edge. Those
// that began at the same place to the eye are one.
func (c *chart) phases(run Run) []Phase {
	const near = 6
	var some []Phase
	for _, p := range run.Phases {
		name, x := clean(p.Name, 40), c.x(p.At)
		if name == "" || x < c.left+near || p.At >= c.end {
			continue
		}
		if last := len(some) - 1; last >= 0 && x-c.x(some[last].At) < near {
			some[last].Name += ", " + name
			continue
		}
		some = append(some, Phase{name, p.At})
	}
	return some
}

// merge joins faults that touch each other in the picture, so that thousands of
// them stay as few rectangles as there are columns.
func merge(all []span, c *chart) []span {
	var merged []span
	n := 0
	for _, f := range all {
		last := len(merged) - 1
		if last >= 0 && math.Floor(c.x(f.From)) <= math.Ceil(c.x(merged[last].To)) {
			merged[last].To = max(merged[last].To, f.To)
			n++
			merged[last].Name = plural(n, "fault")
			continue
		}
		n = 1
		f.Step = "nemesis"
		merged = append(merged, f)
	}
	return merged
}
