package chart

import "slices"

// Rows is a panel of bars that lie, with the names of their rows before them: for many rows, or long names.
type Rows struct {
	Title  string // optional
	X      Axis
	Names  []string
	Series []Series // with a value for each row
	Levels []Level  // upright, as a limit
}

func (p Rows) validate() error {
	return Bars{Groups: p.Names, Series: p.Series, Levels: p.Levels}.validate()
}

// barHeight is how high a bar of Rows is.
const barHeight = 14.0

func (p Rows) draw(c *canvas) (height float64) {
	y := c.y + 12
	if p.Title != "" {
		c.text("panel", "start", edge, y, p.Title)
		y += 8
	}
	y += c.legends(y, p.legend()) + 8
	xs := upTo(0, p.most()*1.08, p.X.Max)
	xs.from, xs.to = min(edge+8+charWidth*float64(longest(p.Names)), width/2), width-edge-24
	row := barHeight*float64(len(p.Series)) + 8
	bottom := y + row*float64(len(p.Names))
	for _, v := range xs.ticks(8) {
		x := xs.at(v)
		c.f(`<path class="grid" d="M%s %sV%s"/>`, num(x), num(y), num(bottom))
		c.text("small", "middle", x, bottom+15, value(v))
	}
	c.text("small", "middle", (xs.from+xs.to)/2, bottom+32, p.X.String())
	for i, name := range p.Names {
		at := y + row*float64(i) + 4
		c.text("", "end", xs.from-6, at+row/2, name)
		for j, s := range p.Series {
			v := s.Values[i]
			c.f(`<rect class="b %s" x="%s" y="%s" width="%s" height="%s"><title>%s, %s: %s</title></rect>`, class(j), num(xs.from), num(at+barHeight*float64(j)),
				num(max(xs.at(v)-xs.from, 1)), num(barHeight-2), escaped(name), escaped(s.Name), value(v))
			c.text("small", "start", xs.at(v)+4, at+barHeight*float64(j)+barHeight-4, value(v))
		}
	}
	for _, l := range p.Levels {
		c.f(`<path class="level" d="M%s %sV%s"><title>%s</title></path>`, num(xs.at(l.At)), num(y), num(bottom), escaped(l.Name))
	}
	return bottom + 44 - c.y
}

// most returns the greatest number of the panel.
func (p Rows) most() (most float64) {
	for _, s := range p.Series {
		most = max(most, slices.Max(s.Values))
	}
	for _, l := range p.Levels {
		most = max(most, l.At)
	}
	return most
}

func (p Rows) legend() []legend { return Bars{Series: p.Series, Levels: p.Levels}.legend() }

// longest returns the length of the longest name.
func longest(names []string) (most int) {
	for _, n := range names {
		most = max(most, len([]rune(n)))
	}
	return most
}
