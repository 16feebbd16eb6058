package chart

import "math"

// A scale maps numbers to pixels.
type scale struct {
	min, max float64
	from, to float64 // pixels
}

// at returns the pixel of a number, within the plot.
func (s scale) at(x float64) float64 {
	x = min(max(x, s.min), s.max)
	return s.from + (x-s.min)/(s.max-s.min)*(s.to-s.from)
}

// upTo returns a scale that ends at a round number from x on; from low on.
func upTo(low, x float64, fixed float64) scale {
	if fixed > 0 {
		return scale{min: low, max: fixed}
	}
	if x <= low {
		return scale{min: low, max: low + max(1, math.Abs(low))}
	}
	step := step(x-low, 5)
	return scale{min: low, max: low + step*math.Ceil((x-low)/step-1e-9)}
}

// step returns a round distance of ticks, so that there are at most so many.
func step(length float64, most int) float64 {
	raw := length / float64(most)
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*unit >= raw*(1-1e-9) {
			return m * unit
		}
	}
	return 10 * unit
}

// ticks returns round numbers of the scale.
func (s scale) ticks(most int) (all []float64) {
	d := step(s.max-s.min, most)
	for i := math.Ceil(s.min/d - 1e-9); i*d <= s.max+1e-9*d; i++ {
		all = append(all, i*d+0) // and not -0
	}
	return all
}

// yAxis draws the axis of values of a plot, with a grid.
func (c *canvas) yAxis(s scale, a Axis) {
	for _, v := range s.ticks(5) {
		y := s.at(v)
		c.f(`<path class="grid" d="M%s %sH%s"/>`, num(left), num(y), num(width-edge))
		c.text("small", "end", left-6, y+4, value(v))
	}
	mid := (s.from + s.to) / 2
	c.f(`<text class="small" text-anchor="middle" transform="translate(14 %s) rotate(-90)">%s</text>`, num(mid), escaped(a.String()))
}

// xAxis draws the axis below a plot.
func (c *canvas) xAxis(s scale, a Axis, y float64) {
	for _, v := range s.ticks(10) {
		x := s.at(v)
		c.f(`<path class="axis" d="M%s %sv4"/>`, num(x), num(y))
		c.text("small", "middle", x, y+17, value(v))
	}
	c.text("small", "middle", (s.from+s.to)/2, y+34, a.String())
}
