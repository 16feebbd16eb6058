package sequence

import (
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/report/internal/account"
	"github.com/capsize-go/capsize/report/internal/wording"
)

const (
	leftMargin  = 122.0 // for the names of the lanes
	rightMargin = 8.0
	gapWidth    = 34.0 // for time that is left out
	leastWidth  = 92.0 // of a stretch
	maxStretch  = 7
)

// A span is a stretch of time.
type span struct{ from, to time.Duration }

// A stretch of time that is shown, with its place.
type stretch struct {
	from, to time.Duration
	x0, x1   float64
}

// An axis is broken into stretches. All have one scale.
type axis struct {
	stretches []stretch
	perPixel  float64 // nanoseconds
}

// newAxis finds the stretches: time around the instants, without the largest gaps between them. Delay is how long a message
// takes: each stretch shows about one more at both ends.
func newAxis(instants []time.Duration, calls []span, delay time.Duration, width float64) axis {
	if len(instants) == 0 {
		return axis{}
	}
	groups := group(instants, calls)
	var a axis
	for _, g := range groups {
		a.stretches = append(a.stretches, stretch{from: g.from, to: g.to})
	}
	a.pad(delay, width)
	a.place(width)
	return a
}

// group joins instants to spans by leaving out gaps, the largest first, as long as a gap is more than a fifth of what is
// shown. A gap within a call is left out only if it is long for a call.
func group(instants []time.Duration, calls []span) []span {
	groups := []span{{instants[0], instants[len(instants)-1]}}
	gaps := make([]span, 0, len(instants))
	shown := groups[0].to - groups[0].from
	for i := 1; i < len(instants); i++ {
		gaps = append(gaps, span{instants[i-1], instants[i]})
	}
	slices.SortStableFunc(gaps, func(a, b span) int { return int(min(max((b.to-b.from)-(a.to-a.from), -1), 1)) })
	long := 5 * median(calls)
	for _, g := range gaps {
		length := g.to - g.from
		if len(groups) == maxStretch || length*5 < shown {
			break
		}
		if inside(g, calls) && length <= long {
			continue
		}
		i := slices.IndexFunc(groups, func(s span) bool { return s.from <= g.from && g.to <= s.to })
		before, after := span{groups[i].from, g.from}, span{g.to, groups[i].to}
		groups = slices.Replace(groups, i, i+1, before, after)
		shown -= length
	}
	return groups
}

// inside reports whether a gap lies within a call.
func inside(g span, calls []span) bool {
	return slices.ContainsFunc(calls, func(c span) bool { return c.from <= g.from && g.to <= c.to })
}

func median(calls []span) time.Duration {
	if len(calls) == 0 {
		return 0
	}
	var all []time.Duration
	for _, c := range calls {
		all = append(all, c.to-c.from)
	}
	slices.Sort(all)
	return all[(len(all)-1)/2]
}

// pad adds some time on both sides of each stretch, joins those that meet, and makes room for a heading above each.
func (a *axis) pad(delay time.Duration, width float64) {
	margin := max(a.total()/30, delay*2/3, time.Microsecond)
	for i := range a.stretches {
		a.stretches[i].from = max(a.stretches[i].from-margin, 0)
		a.stretches[i].to += margin
	}
	a.join()
	for range 3 { // wider stretches change the scale, so the others may need more
		per := a.scale(width)
		for i, s := range a.stretches {
			if lack := time.Duration(leastWidth*per) - (s.to - s.from); lack > 0 {
				a.stretches[i].from = max(s.from-lack/3, 0)
				a.stretches[i].to = s.to + lack - (s.from - a.stretches[i].from)
			}
		}
		a.join()
	}
}

// join makes one of stretches that meet.
func (a *axis) join() {
	all := a.stretches[:1]
	for _, s := range a.stretches[1:] {
		last := &all[len(all)-1]
		if s.from <= last.to {
			last.to = max(last.to, s.to)
			continue
		}
		all = append(all, s)
	}
	a.stretches = all
}

func (a *axis) total() (sum time.Duration) {
	for _, s := range a.stretches {
		sum += s.to - s.from
	}
	return sum
}

// scale returns how many nanoseconds a pixel has.
func (a *axis) scale(width float64) float64 {
	room := width - leftMargin - rightMargin - gapWidth*float64(len(a.stretches)-1)
	return max(float64(a.total()), 1) / max(room, 1)
}

func (a *axis) place(width float64) {
	a.perPixel = a.scale(width)
	x := leftMargin
	for i := range a.stretches {
		s := &a.stretches[i]
		s.x0 = x
		s.x1 = x + float64(s.to-s.from)/a.perPixel
		x = s.x1 + gapWidth
	}
}

// x returns the place of an instant. It never decreases: time that is left out is drawn in the gap.
func (a *axis) x(t time.Duration) float64 {
	for i, s := range a.stretches {
		switch {
		case t < s.from && i == 0:
			return s.x0
		case t < s.from:
			last := a.stretches[i-1]
			return last.x1 + (s.x0-last.x1)*float64(t-last.to)/float64(s.from-last.to)
		case t <= s.to:
			return s.x0 + float64(t-s.from)/a.perPixel
		}
	}
	return a.stretches[len(a.stretches)-1].x1
}

// at returns the index of the stretch that shows an instant, or -1.
func (a *axis) at(t time.Duration) int {
	return slices.IndexFunc(a.stretches, func(s stretch) bool { return s.from <= t && t <= s.to })
}

// within returns the indexes of the stretches that show some of a span.
func (a *axis) within(from, to time.Duration) []int {
	var all []int
	for i, s := range a.stretches {
		if s.from <= to && s.to >= from {
			all = append(all, i)
		}
	}
	return all
}

// drawTime draws the ticks and times below the lanes, and what is left out.
func (d *drawing) drawTime() {
	step := d.tick()
	for i, s := range d.axis.stretches {
		ticks := ""
		for t := s.from.Truncate(step) + step; t < s.to; t += step {
			ticks += "M" + num(d.axis.x(t)) + " " + num(d.bottom+2) + "v4"
		}
		d.path("tick", ticks)
		y := d.bottom + 18
		d.label("t", 11, account.Instant(s.from), spot{s.x0 + 4, y, start})
		d.label("t", 11, "+"+wording.Short((s.to-s.from).Round(step/10)), spot{s.x1 - 2, y, end})
		if i == 0 {
			continue
		}
		before := d.axis.stretches[i-1]
		middleX := (before.x1 + s.x0) / 2
		d.path("cutline", fmt.Sprintf("M%s 30V%sM%s 30V%s", num(middleX-3), num(d.bottom), num(middleX+3), num(d.bottom)))
		d.group("gap", wording.Short(s.from-before.to)+" left out", func() {
			d.rect("hit", middleX-8, 26, 16, d.bottom-10)
			d.text("t", middleX, d.bottom+14, middle, "⋯")
		})
		d.take(box{middleX - 7, d.bottom + 2, middleX + 7, d.bottom + 18})
	}
}

// tick returns the time between two ticks: 1, 2 or 5 of some power of ten, at least 24 pixels.
func (d *drawing) tick() time.Duration {
	least := 24 * d.axis.perPixel
	for unit := time.Duration(1); ; unit *= 10 {
		for _, n := range []time.Duration{1, 2, 5} {
			if float64(n*unit) >= least {
				return max(n*unit, 1)
			}
		}
	}
}
