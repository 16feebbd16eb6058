package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Panel is a part of a picture: [Lines] or [Bars].
type Panel interface {
	// validate returns what is wrong with its numbers.
	validate() error

	// draw draws it, and returns its height.
	draw(c *canvas) (height float64)
}

// An Axis is what a side of a panel shows.
type Axis struct {
	Label string  // what it is, as in "time"
	Unit  string  // in which it counts, as in "s"; empty for a number
	Max   float64 // where it ends; 0 for as far as the numbers go
}

// String returns the label, and the unit in parentheses.
func (a Axis) String() string {
	switch {
	case a.Unit == "":
		return a.Label
	case a.Label == "":
		return a.Unit
	}
	return a.Label + " (" + a.Unit + ")"
}

// SVG returns a picture with a title and panels below each other. It is an error if a panel has no numbers, or one that is no finite number.
func SVG(title string, panels ...Panel) ([]byte, error) {
	if len(panels) == 0 {
		return nil, errors.New("chart: no panels")
	}
	c := canvas{y: top}
	for i, p := range panels {
		if err := p.validate(); err != nil {
			return nil, fmt.Errorf("chart: %q, panel %d: %w", title, i+1, err)
		}
		c.y += p.draw(&c)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="%s" viewBox="0 0 %s %s" width="%[2]s" height="%[3]s">`, escaped(title), num(width), num(c.y))
	b.WriteString(style)
	fmt.Fprintf(&b, `<rect class="bg" width="%s" height="%s"/><text class="title" x="%s" y="26">%s</text>`, num(width), num(c.y), num(edge), escaped(title))
	b.Write(c.b.Bytes())
	b.WriteString("</svg>\n")
	return b.Bytes(), nil
}

// Sizes in pixels.
const (
	width      = 760.0
	top        = 40.0 // of the first panel
	edge       = 16.0 // left of texts, and right of plots
	left       = 68.0 // of plots
	plotHeight = 190.0
	lineHeight = 18.0
	charWidth  = 6.7 // of a letter in the mean, at most
)

// A canvas is a picture that is being drawn.
type canvas struct {
	b bytes.Buffer
	y float64 // where the next panel begins
}

func (c *canvas) f(format string, args ...any) { fmt.Fprintf(&c.b, format, args...) }

// text writes a text.
func (c *canvas) text(class, anchor string, x, y float64, text string) {
	c.f(`<text class="%s" text-anchor="%s" x="%s" y="%s">%s</text>`, class, anchor, num(x), num(y), escaped(text))
}

// A legend is an entry of the legend of a panel.
type legend struct {
	name   string
	symbol func(c *canvas, x, y float64) // drawn 24 pixels wide
}

// legends writes a legend, and returns how high it is.
func (c *canvas) legends(y float64, all []legend) (height float64) {
	x := left
	for _, l := range all {
		if l.name == "" {
			continue
		}
		w := 30 + charWidth*float64(len([]rune(l.name))) + 14
		if height == 0 || x+w > width {
			x, height = left, height+lineHeight
		}
		l.symbol(c, x, y+height-lineHeight+9)
		c.text("small", "start", x+30, y+height-lineHeight+13, l.name)
		x += w
	}
	return height
}

// num writes a coordinate.
func num(x float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(math.Round(10*x)/10, 'f', 1, 64), ".0")
}

// value writes a number as a reader needs it: four digits, and commas between thousands.
func value(x float64) string {
	text := strconv.FormatFloat(x, 'g', 4, 64)
	if a := math.Abs(x); a >= 1000 && a < 1e15 {
		text = strconv.FormatFloat(x, 'f', 0, 64)
		for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
			text = text[:i] + "," + text[i:]
		}
	}
	return text
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes all
	return b.String()
}

// finite returns an error for what is no finite number.
func finite(values ...float64) error {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%v is no finite number", v)
		}
	}
	return nil
}
