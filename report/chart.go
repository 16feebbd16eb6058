package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/history"
)

const (
	maxDots   = 5000 // of one outcome in the widest picture
	manyBands = 80   // faults from which on bands are merged
)

// A chart is the picture of the whole run: latency of every call by outcome on a
// logarithmic axis, the rate of calls below it, and faults as bands behind both.
type chart struct {
	svg
	left, right    float64
	top, bottom    float64 // of the latencies
	labels         float64 // where the labels of faults end
	pending        float64 // where calls are drawn that never returned; 0 without any
	rateTop, floor float64
	end            time.Duration
	low, high      int // decades of the axis
	shared         bool
}

// chartPictures draws the run, with a frame around what the top of the page shows, in all widths, with a note if the dots were thinned.
func chartPictures(run Run, pictured interval) (pictures template.HTML, note string) {
	var all strings.Builder
	drawn := 0
	calls := slices.Collect(run.history().Calls())
	if len(calls) == 0 {
		return "", ""
	}
	for i, w := range widths {
		c, dots := newChart(run, calls, pictured, w.px)
		all.WriteString(string(c.markup(w.class+" chart", chartLabel(run, calls))))
		if i == 0 && c.shared {
			drawn = dots
		}
	}
	if drawn > 0 && drawn < len(calls) {
		note = fmt.Sprintf("%s calls are drawn as %s marks: calls of one type whose marks would overlap share one.",
			count(len(calls)), count(drawn))
	}
	return template.HTML(all.String()), note
}

// chartLabel describes the chart in words, for readers who don't see the picture.
func chartLabel(run Run, calls []history.Call) string {
	var t tally
	for _, c := range calls {
		t.add(c)
	}
	s := fmt.Sprintf("The whole run of %s: %s calls, %s ok, %s info, %s fail", short(run.end()),
		count(t.total()), count(t.n[ok]), count(t.n[info]), count(t.n[fail]))
	if len(t.latency) > 0 {
		s += fmt.Sprintf("; half of the ok calls took at most %s, 99 of 100 at most %s", short(t.quantile(.5)), short(t.quantile(.99)))
	}
	return s + fmt.Sprintf("; %s.", plural(len(faultsOf(run.history(), run.end())), "fault"))
}

// newChart lays out and draws the chart for one width: labels of faults on top, latencies, rates,
// and the axis of time. It returns the number of dots.
func newChart(run Run, calls []history.Call, pictured interval, width float64) (c *chart, dots int) {
	c = &chart{end: max(run.end(), 1), left: 62, right: width - 10}
	if width < 500 {
		c.left = 56
	}
	c.width = width
	c.decades(calls)
	marks := c.bandLabels(run, width)
	c.labels = float64(marks.rows)*15 + 4
	c.top = c.labels + 6
	if slices.ContainsFunc(calls, history.Call.Open) {
		c.pending = c.top + 8
		c.top += 22
	}
	height := 190.0
	if width < 500 {
		height = 170
	}
	c.bottom = c.top + height
	c.rateTop, c.floor = c.bottom+14, c.bottom+62
	c.height = c.floor + 34
	c.bands(run, marks)
	c.grid()
	dots = c.dots(calls, width)
	c.rates(calls)
	frame := c.frame(pictured)
	c.timeAxis(frame)
	return c, dots
}

func (c *chart) x(t time.Duration) float64 {
	return c.left + float64(min(max(t, 0), c.end))/float64(c.end)*(c.right-c.left)
}

// decades finds the powers of ten, in nanoseconds, that bound the latencies. Calls that take no time are drawn at the bottom and have no say.
func (c *chart) decades(calls []history.Call) {
	c.low, c.high = math.MaxInt, math.MinInt
	for _, call := range calls {
		if call.Open() || took(call) == 0 {
			continue
		}
		d := math.Log10(float64(took(call)))
		c.low, c.high = min(c.low, int(math.Floor(d))), max(c.high, int(math.Ceil(d)))
	}
	if c.low > c.high {
		c.low, c.high = 6, 9 // 1ms to 1s
	}
	if c.low == c.high {
		c.low, c.high = max(c.low-1, 0), c.high+1
	}
	c.low, c.high = max(c.low, c.high-12), max(c.high, c.low+2)
}

// y returns where a latency is. Zero is at the bottom.
func (c *chart) y(d time.Duration) float64 {
	log := math.Log10(float64(max(d, 1)))
	part := (log - float64(c.low)) / float64(c.high-c.low)
	return c.bottom - min(max(part, 0), 1)*(c.bottom-c.top)
}

// grid draws the lines of the latency axis.
func (c *chart) grid() {
	lines := ""
	every := (c.high-c.low)/7 + 1
	for d := c.low; d <= c.high; d += every {
		at := time.Duration(math.Pow10(d))
		y := c.y(at)
		lines += "M" + num(c.left) + " " + num(y) + "H" + num(c.right)
		label := short(at)
		if at >= time.Minute {
			label = fmt.Sprintf("%.0fs", at.Seconds()) // a power of ten, as the others
		}
		c.text("t", c.left-8, y+4, ending, label)
	}
	if c.pending > 0 {
		c.text("t", c.left-8, c.pending+4, ending, "never")
	}
	c.path("grid", lines, "")
}

// A point is a call in the picture.
type point struct{ x, y float64 }

// dots draws the latencies and returns how many marks it took.
func (c *chart) dots(calls []history.Call, width float64) int {
	limit := int(maxDots * width / widths[0].px)
	var points [outcomes][]point
	for _, call := range calls {
		p := point{c.x(call.Invoke.Time), c.pending}
		if !call.Open() {
			p.y = c.y(took(call))
		}
		o := outcome(call)
		points[o] = append(points[o], p)
	}
	total := 0
	for o, all := range points {
		few := thin(all, limit)
		c.shared = c.shared || len(few) < len(all)
		total += len(few)
		var d strings.Builder
		for _, p := range few {
			d.WriteString(marker(o, p.x, p.y))
		}
		c.path("dot-"+outcomeNames[o], d.String(), "")
	}
	return total
}

// thin drops points until at most limit are left: of those in one cell of a
// grid it keeps the first, and it widens the cells until few enough are left.
// The extremes stay visible, since a cell is about as wide as a mark.
func thin(all []point, limit int) []point {
	few := all
	for cell := 1.0; len(few) > limit; cell *= 1.25 {
		taken := map[[2]int]bool{}
		few = nil
		for _, p := range all {
			at := [2]int{int(p.x / cell), int(p.y / cell)}
			if !taken[at] {
				taken[at] = true
				few = append(few, p)
			}
		}
	}
	return few
}

// rates draws how many calls were invoked, by outcome, as stacked bars.
func (c *chart) rates(calls []history.Call) {
	parts := int((c.right - c.left) / 10.5)
	s := newSeries(parts)
	for _, call := range calls {
		s.add(call, c.end)
	}
	high := float64(max(s.highest(), 1))
	step := (c.right - c.left) / float64(parts)
	var d [outcomes]strings.Builder
	for i, n := range s {
		y := c.floor
		for o := range outcomes {
			h := float64(n[o]) / high * (c.floor - c.rateTop)
			if n[o] == 0 {
				continue
			}
			h = max(h, 1.5) // a single one is seen as well
			y = max(y-h, c.rateTop-2)
			fmt.Fprintf(&d[o], "M%s %sh%sv%sh-%sz", num(c.left+float64(i)*step), num(y), num(step-1), num(h), num(step-1))
		}
	}
	for o := range outcomes {
		c.path("rate-"+outcomeNames[o], d[o].String(), "")
	}
	perSec := high / (c.end.Seconds() / float64(parts))
	c.text("t", c.left-8, c.rateTop+9, ending, rateLabel(perSec))
	c.text("t", c.left-8, c.floor-1, ending, "calls/s")
}

// rateLabel formats a rate in at most four characters; empty if it has no room.
func rateLabel(perSec float64) string {
	switch {
	case perSec >= 1e7:
		return ""
	case perSec >= 10000:
		return fmt.Sprintf("%.0fk", perSec/1000)
	case perSec >= 10:
		return fmt.Sprintf("%.0f", perSec)
	}
	return fmt.Sprintf("%.2g", perSec)
}

// frame marks what the top of the page shows, and returns the middle and the
// width of its label.
func (c *chart) frame(pictured interval) (label [2]float64) {
	if pictured == (interval{}) {
		return label
	}
	from, to := pictured.From, pictured.To
	a, b := c.x(from)-3, c.x(to)+3
	c.rect("frame", a, c.labels, b-a, c.floor+3-c.labels, 2, "where the counterexample is: "+stamp(from)+" to "+stamp(to))
	w := textWidth("why ↑", 12)
	at := min(max((a+b)/2, w/2), c.width-w/2)
	c.text("w", at, c.floor+18, middle, "why ↑")
	return [2]float64{at, w}
}

// timeAxis labels the time, except where the frame's label is.
func (c *chart) timeAxis(frame [2]float64) {
	n := int((c.right - c.left) / 90)
	marks := ""
	for _, t := range ticks(c.end, n) {
		label := short(t)
		w, x := textWidth(label, 11), c.x(t)
		marks += "M" + num(x) + " " + num(c.floor) + "v4"
		x = min(x, c.width-w/2)
		if frame[1] > 0 && math.Abs(x-frame[0]) < (w+frame[1])/2+4 {
			continue
		}
		c.text("t", x, c.floor+18, middle, label)
	}
	c.path("grid", marks, "")
}
