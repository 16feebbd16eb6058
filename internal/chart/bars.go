package chart

import (
	"errors"
	"fmt"
)

// Bars is a panel of bars in groups, one of each series in each group.
type Bars struct {
	Title  string // optional
	Y      Axis
	Groups []string
	Series []Series
	Levels []Level // dashed across, as a limit
}

// A Series has a value for each group.
type Series struct {
	Name   string // for the legend
	Values []float64
}

func (p Bars) validate() error {
	if len(p.Groups) == 0 || len(p.Series) == 0 {
		return errors.New("no bars")
	}
	for _, s := range p.Series {
		if len(s.Values) != len(p.Groups) {
			return fmt.Errorf("series %q has %d values for %d groups", s.Name, len(s.Values), len(p.Groups))
		}
		if err := finite(s.Values...); err != nil {
			return fmt.Errorf("series %q: %w", s.Name, err)
		}
	}
	for _, l := range p.Levels {
		if err := finite(l.At); err != nil {
			return fmt.Errorf("level %q: %w", l.Name, err)
		}
	}
	return nil
}

func (p Bars) draw(c *canvas) (height float64) {
	y := c.y + 12
	if p.Title != "" {
		c.text("panel", "start", edge, y, p.Title)
		y += 8
	}
	y += c.legends(y, p.legend()) + 8
	most := 0.0
	for _, s := range p.Series {
		for _, v := range s.Values {
			most = max(most, v)
		}
	}
	for _, l := range p.Levels {
		most = max(most, l.At)
	}
	ys := upTo(0, most*1.08, p.Y.Max)
	ys.from, ys.to = y+plotHeight, y
	c.yAxis(ys, p.Y)
	lines := p.bars(c, ys)
	c.levels(p.Levels, ys)
	return y + plotHeight + 12 + 14*float64(lines) + 14 - c.y
}

// bars draws the bars with their values and the names of the groups, and returns how many lines these take.
func (p Bars) bars(c *canvas, ys scale) (lines int) {
	group := (width - edge - left) / float64(len(p.Groups))
	bar := min(0.8*group/float64(len(p.Series)), 64)
	for g, name := range p.Groups {
		mid := left + (float64(g)+0.5)*group
		from := mid - bar*float64(len(p.Series))/2
		for i, s := range p.Series {
			v := s.Values[g]
			x, y := from+float64(i)*bar, ys.at(v)
			c.f(`<rect class="b %s" x="%s" y="%s" width="%s" height="%s"><title>%s, %s: %s</title></rect>`, class(i), num(x+1), num(y), num(bar-2), num(ys.from-y),
				escaped(name), escaped(s.Name), value(v))
			if text := value(v); charWidth*float64(len(text)) < max(bar, 0.9*group/float64(len(p.Series)))+4 {
				c.text("small", "middle", x+bar/2, y-4, text)
			}
		}
		words := wrapped(name, int(group/charWidth))
		for i, line := range words {
			c.text("small", "middle", mid, ys.from+16+14*float64(i), line)
		}
		lines = max(lines, len(words))
	}
	c.f(`<path class="axis" d="M%s %sH%s"/>`, num(left), num(ys.from), num(width-edge))
	return lines
}

func (p Bars) legend() (all []legend) {
	for i, s := range p.Series {
		all = append(all, legend{s.Name, func(c *canvas, x, y float64) {
			c.f(`<rect class="b %s" x="%s" y="%s" width="14" height="12"/>`, class(i), num(x+8), num(y-7))
		}})
	}
	if len(p.Series) == 1 {
		all = nil // its name is the axis's
	}
	return append(all, legendOf(p.Levels)...)
}
