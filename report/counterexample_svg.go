package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// The widths for which pictures are drawn: type stays legible only if a picture
// is not scaled by much, so the page has each picture in three widths and shows
// the one that fits.
var widths = []struct {
	class string
	px    float64
}{{"wide", 1340}, {"mid", 760}, {"slim", 360}}

const (
	maxBars   = 60 // calls of a counterexample on the page
	maxFaults = 6  // rows of faults
)

// counterexamplePictures draws the counterexample in all widths. Where it is the picture of the first screen it is
// larger, and shares its row with the checks.
func counterexamplePictures(run Run, why *checker.Counterexample, first bool) template.HTML {
	var all strings.Builder
	for _, w := range widths {
		px := w.px
		if w.class == "wide" && first {
			px = 1006
		}
		all.WriteString(string(newCounterexampleSVG(run, why, px, first).markup(w.class+" why", altText(run, why))))
	}
	return template.HTML(all.String())
}

// A counterexampleSVG is the layout of the picture of a counterexample.
type counterexampleSVG struct {
	svg
	scale
	calls          []shown
	links          linkArcs
	left           float64 // of the axis
	right          float64
	ordered        bool // the history has no times
	slim           bool // no room for labels beside bars: they go above
	row, faultRows float64
	top, bottom    float64 // of the calls
}

func (p *counterexampleSVG) x(t time.Duration) float64 { return p.left + p.pos(t)*(p.right-p.left) }

// newCounterexampleSVG draws the counterexample for one width: the names of the processes at
// the left, or above the bars where there is no room beside them, and the faults on top.
func newCounterexampleSVG(run Run, why *checker.Counterexample, width float64, first bool) *counterexampleSVG {
	p := &counterexampleSVG{slim: width < 500, row: 30, left: 0, right: width - 12}
	p.calls, _ = pick(why, maxBars)
	p.scale = newScale(callsOf(p.calls), 0.035)
	for _, c := range p.calls {
		p.left = max(p.left, textWidth(c.name(), 12)+16)
	}
	p.ordered = run.Ordered
	p.left = max(p.left, 76)
	p.links = newLinkArcs(why, p.calls)
	switch {
	case p.slim:
		p.row, p.left = 40, 8
	case first && width > 900:
		p.row = min(max(370/float64(len(p.calls)), 30), 104)
	case len(p.calls) <= 6:
		p.row = 36
	}
	if !p.slim {
		p.left += p.links.width()
	}
	from, to := p.times[0], p.times[len(p.times)-1]
	active := during(faultsOf(run.history(), run.end()), from, to)
	p.faultRows = float64(max(1, min(len(active), maxFaults)))
	p.top = p.faultRows*20 + 10
	if p.slim {
		p.top += 14
	}
	p.bottom = p.top + p.row*float64(len(p.calls))
	p.width, p.height = width, p.bottom+24
	p.faults(active, from, to)
	p.axis()
	for i, c := range p.calls {
		p.call(c, p.top+p.row*float64(i))
	}
	if !p.slim {
		p.links.draw(p)
	}
	return p
}

// faults draws the rows of the nemesis and, behind the calls, its bands.
func (p *counterexampleSVG) faults(active []activeFault, from, to time.Duration) {
	y := 4.0
	p.text("t", 0, 14, start, "nemesis")
	if p.slim {
		y += 14
	}
	if len(active) == 0 {
		p.text("t", p.left, y+10, start, "no fault was active")
		return
	}
	named := len(active)
	if named > maxFaults {
		named = maxFaults - 1
		p.text("f", p.left, y+20*float64(named)+12, start, fmt.Sprintf("… and %s", plural(len(active)-named, "more fault")))
	}
	for i, f := range active[:min(len(active), manyBands)] {
		a, b := p.left-6, p.width
		if f.From >= from {
			a = p.x(f.From)
		}
		if f.To <= to {
			b = max(p.x(f.To), a+2)
		}
		rowY := y + 20*float64(min(i, named))
		p.rect("band", a, rowY, b-a, p.bottom-rowY, 0, "")
		if i < named {
			p.rect("fault", a, rowY, b-a, 16, 2, tooltip(f))
			p.barLabel("f", f.Name, 11, a, b, rowY+12)
		}
	}
}

// barLabel writes a label into a bar from a to b, or after it, or before it, where it fits.
func (p *counterexampleSVG) barLabel(class, label string, px, a, b, y float64) {
	inside, after, before := b-a-8, p.width-b-8, a-p.left-8
	w := textWidth(label, px)
	switch {
	case w <= inside || inside >= max(after, before):
		p.text(class, a+5, y, start, fit(label, px, inside))
	case w <= after || after >= before:
		p.text(class, b+6, y, start, fit(label, px, after))
	default:
		p.text(class, a-6, y, ending, fit(label, px, before))
	}
}

func tooltip(f activeFault) string {
	return fmt.Sprintf("%s: %s, from %s to %s", f.Step, f.Name, short(f.From), short(f.To))
}

// call draws one call as a bar.
func (p *counterexampleSVG) call(c shown, y float64) {
	a, b := p.x(c.Invoke.Time), p.width
	if !indeterminate(c.Call) {
		b = max(p.x(c.Complete.Time), a+3)
	}
	class, sign := "bar-ok", ""
	switch {
	case c.Blamed:
		class, sign = "bar-bad", "✗ "
	case indeterminate(c.Call):
		class, sign = "bar-info", "? "
	case c.Complete.Type == history.Fail:
		class = "bar-fail"
	case c.Conflicts:
		sign = "! "
	}
	if c.Context {
		class += " context"
	}
	top := y + (p.row-18)/2
	if p.slim {
		top = y + 19
		name := c.name()
		p.text("t", 0, y+14, start, name)
		x := textWidth(name, 12) + 10
		p.text("l", x, y+14, start, fit(sign+c.Label, 12, p.width-x))
	} else {
		p.text("t", 0, top+13, start, c.name())
	}
	p.rect(class, a, top, b-a, 18, 3, callTitle(c.Call, c.Label))
	if p.slim {
		return
	}
	p.callLabel(sign+c.Label, a, b, top+13.5, indeterminate(c.Call))
}

// callLabel writes a call's label after its bar, or before it, or on it.
func (p *counterexampleSVG) callLabel(label string, a, b, y float64, open bool) {
	const px = 12.5
	w, after, before := textWidth(label, px)+8, p.width-b, a-p.left
	switch {
	case w <= after:
		p.text("l", b+6, y, start, label)
	case open && w <= b-a:
		p.text("l open", a+8, y, start, label)
	case w <= before:
		p.text("l", a-6, y, ending, label)
	case w <= b-a || b-a >= max(after, before):
		p.text("l on", a+8, y, start, fit(label, px, b-a-12))
	case after >= before:
		p.text("l", b+6, y, start, fit(label, px, after-8))
	default:
		p.text("l", a-6, y, ending, fit(label, px, before-8))
	}
}

// callTitle describes a call for a tooltip.
func callTitle(c history.Call, label string) string {
	s := fmt.Sprintf("%s: %s, invoked at %s", processName(c.Invoke), label, exact(c.Invoke.Time))
	switch {
	case c.Open():
		s += ", never returned"
	case indeterminate(c):
		s += ", given up at " + exact(c.Complete.Time)
	default:
		s += ", returned at " + exact(c.Complete.Time)
	}
	if c.Complete.Err != "" {
		s += ": " + clean(c.Complete.Err, 200)
	}
	return s + "; " + lines(c)
}

// exact formats an instant to the microsecond.
func exact(t time.Duration) string { return t.Round(time.Microsecond).String() }

// axis draws a line at each instant and labels those that have room: the first
// and those after a cut by their time, the others by their distance from these.
func (p *counterexampleSVG) axis() {
	guides := ""
	for _, at := range p.at {
		x := p.left + at*(p.right-p.left)
		guides += "M" + num(x) + " " + num(p.top) + "V" + num(p.bottom+4)
	}
	p.path("guide", guides, "")
	for _, i := range p.cuts {
		x := p.left + (p.at[i]+p.at[i+1])/2*(p.right-p.left)
		p.text("t", x, p.bottom+3, middle, "⋯")
	}
	var taken [][2]float64
	for _, i := range p.labelOrder() {
		label := p.instantLabel(i)
		w := textWidth(label, 12)
		x := min(p.left+p.at[i]*(p.right-p.left), p.width-w/2)
		x = max(x, w/2)
		mine := [2]float64{x - w/2 - 5, x + w/2 + 5}
		if slices.ContainsFunc(taken, func(o [2]float64) bool { return mine[0] < o[1] && mine[1] > o[0] }) {
			continue
		}
		taken = append(taken, mine)
		p.text("t", x, p.bottom+18, middle, label)
	}
}

// labelOrder returns the indexes of the instants in the order in which they get labels while
// there is room: the first after each cut, then the last one, then the others.
func (p *counterexampleSVG) labelOrder() []int {
	order := []int{0}
	for _, i := range p.cuts {
		order = append(order, i+1)
	}
	order = append(order, len(p.at)-1)
	for i := range p.at {
		if !slices.Contains(order, i) {
			order = append(order, i)
		}
	}
	return slices.Compact(order)
}

// instantLabel formats an instant: the first after a cut as a time, the others by their
// distance from that.
func (p *counterexampleSVG) instantLabel(i int) string {
	first := 0
	for _, c := range p.cuts {
		if c < i {
			first = c + 1
		}
	}
	if p.ordered {
		return position(p.times[i])
	}
	if i == first {
		return stamp(p.times[i])
	}
	return "+" + short(p.times[i]-p.times[first])
}

// stamp formats an instant to the millisecond, so that a time late
// in a long run can still be found in the history.
func stamp(t time.Duration) string { return fmt.Sprintf("%.3fs", t.Seconds()) }

// altText describes a counterexample in words, for readers who don't see the picture.
func altText(run Run, why *checker.Counterexample) string {
	calls, left := pick(why, maxBars)
	s := "Counterexample. "
	if r := reason(run); r != "" {
		s += r + ". "
	}
	for _, c := range calls {
		s += callTitle(c.Call, c.Label)
		if c.Context {
			s += ", for context"
		}
		s += ". "
	}
	if left > 0 {
		s += fmt.Sprintf("%s not shown. ", plural(left, "more call"))
	}
	for _, l := range why.Links {
		s += linkSentence(l) + ". "
	}
	from, to := window(why.Calls)
	active := during(faultsOf(run.history(), run.end()), from, to)
	if len(active) == 0 {
		s += "No fault was active."
	}
	for i, f := range active {
		if i == maxFaults {
			break
		}
		s += "Active fault: " + f.Name + ". "
	}
	return strings.TrimSpace(s)
}
