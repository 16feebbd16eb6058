package chart

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Lines is a panel of lines over a common axis, mostly time.
type Lines struct {
	Title  string // optional
	X, Y   Axis
	Lines  []Line
	Bands  []Band  // shaded, behind the lines
	Levels []Level // dashed across, as a limit
}

// A Line is a series of points in the order of their X.
type Line struct {
	Name   string // for the legend
	Points []Point
	Step   bool // Y stays as it is up to the next point
}

// A Point is a value Y at X.
type Point struct{ X, Y float64 }

// A Band is a part of the axis that something is about: a fault.
type Band struct {
	From, To float64
	Name     string
}

// Points returns points for values that are a step apart, from a beginning on.
func Points[N int | float64](from, step float64, values []N) []Point {
	all := make([]Point, len(values))
	for i, v := range values {
		all[i] = Point{from + float64(i)*step, float64(v)}
	}
	return all
}

func (p Lines) validate() error {
	n := 0
	for _, l := range p.Lines {
		n += len(l.Points)
		for i, at := range l.Points {
			if err := finite(at.X, at.Y); err != nil {
				return fmt.Errorf("line %q: %w", l.Name, err)
			}
			if i > 0 && at.X < l.Points[i-1].X {
				return fmt.Errorf("line %q goes back from %v to %v", l.Name, l.Points[i-1].X, at.X)
			}
		}
	}
	for _, b := range p.Bands {
		if err := finite(b.From, b.To); err != nil {
			return fmt.Errorf("band %q: %w", b.Name, err)
		}
	}
	for _, l := range p.Levels {
		if err := finite(l.At); err != nil {
			return fmt.Errorf("level %q: %w", l.Name, err)
		}
	}
	if n == 0 {
		return errors.New("no points")
	}
	return nil
}

func (p Lines) draw(c *canvas) (height float64) {
	y := c.y + 12
	if p.Title != "" {
		c.text("panel", "start", edge, y, p.Title)
		y += 8
	}
	y += c.legends(y, p.legend()) + 8
	xs, ys := p.scales(y)
	for _, b := range p.Bands {
		from, to := xs.at(b.From), xs.at(b.To)
		c.f(`<rect class="band" x="%s" y="%s" width="%s" height="%s"><title>%s</title></rect>`, num(from), num(y), num(to-from), num(plotHeight), escaped(b.Name))
	}
	c.yAxis(ys, p.Y)
	c.xAxis(xs, p.X, y+plotHeight)
	for i, l := range p.Lines {
		c.f(`<path class="l %s" d="%s"><title>%s</title></path>`, class(i), path(l, xs, ys), escaped(l.Name))
	}
	c.levels(p.Levels, ys)
	return y + plotHeight + 46 - c.y
}

func (p Lines) legend() (all []legend) {
	for i, l := range p.Lines {
		all = append(all, legend{l.Name, func(c *canvas, x, y float64) {
			c.f(`<path class="l %s" d="M%s %sh24"/>`, class(i), num(x), num(y))
		}})
	}
	for i, b := range p.Bands {
		if slices.ContainsFunc(p.Bands[:i], func(o Band) bool { return o.Name == b.Name }) {
			continue
		}
		all = append(all, legend{b.Name, func(c *canvas, x, y float64) {
			c.f(`<rect class="band" x="%s" y="%s" width="24" height="14"/>`, num(x), num(y-7))
		}})
	}
	return append(all, legendOf(p.Levels)...)
}

// scales returns those of a plot whose upper edge is y.
func (p Lines) scales(y float64) (xs, ys scale) {
	low, high, most := p.Lines[0].first(), 0.0, 0.0
	for _, l := range p.Lines {
		low = min(low, l.first())
		for _, at := range l.Points {
			high, most = max(high, at.X), max(most, at.Y)
		}
	}
	for _, l := range p.Levels {
		most = max(most, l.At)
	}
	if low >= 0 && low < high/5 {
		low = 0
	}
	xs = upTo(low, high, p.X.Max)
	if p.X.Max == 0 && high > low {
		xs.max = high
	}
	xs.from, xs.to = left, width-edge
	ys = upTo(0, most*1.05, p.Y.Max)
	ys.from, ys.to = y+plotHeight, y
	return xs, ys
}

// first returns where a line begins.
func (l Line) first() float64 {
	if len(l.Points) == 0 {
		return 0
	}
	return l.Points[0].X
}

// path returns the path of a line.
func path(l Line, xs, ys scale) string {
	var b strings.Builder
	for i, at := range thinned(l.Points, xs) {
		x, y := num(xs.at(at.X)), num(ys.at(at.Y))
		switch {
		case i == 0:
			fmt.Fprintf(&b, "M%s %s", x, y)
		case l.Step:
			fmt.Fprintf(&b, "H%sV%s", x, y)
		default:
			fmt.Fprintf(&b, "L%s %s", x, y)
		}
	}
	return b.String()
}

// thinned returns of more points than can be seen, for each half of a pixel, the first, the least, the greatest and the last.
func thinned(points []Point, xs scale) []Point {
	if len(points) <= 2*int(width) {
		return points
	}
	var all []Point
	for from := 0; from < len(points); {
		to := from
		column := int(2 * xs.at(points[from].X))
		least, greatest := from, from
		for ; to < len(points) && int(2*xs.at(points[to].X)) == column; to++ {
			if points[to].Y < points[least].Y {
				least = to
			}
			if points[to].Y > points[greatest].Y {
				greatest = to
			}
		}
		last := -1
		for _, i := range []int{from, min(least, greatest), max(least, greatest), to - 1} {
			if i > last {
				all, last = append(all, points[i]), i
			}
		}
		from = to
	}
	return all
}
