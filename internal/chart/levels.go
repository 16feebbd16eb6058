package chart

// A Level is a value that is marked across the panel.
type Level struct {
	At   float64
	Name string
}

// levels draws levels.
func (c *canvas) levels(all []Level, ys scale) {
	for _, l := range all {
		c.f(`<path class="level" d="M%s %sH%s"><title>%s</title></path>`, num(left), num(ys.at(l.At)), num(width-edge), escaped(l.Name))
	}
}

// legendOf returns the legend of levels, with their values.
func legendOf(levels []Level) (all []legend) {
	for _, l := range levels {
		if l.Name == "" {
			continue
		}
		all = append(all, legend{l.Name + ": " + value(l.At), func(c *canvas, x, y float64) {
			c.f(`<path class="level" d="M%s %sh24"/>`, num(x), num(y))
		}})
	}
	return all
}
