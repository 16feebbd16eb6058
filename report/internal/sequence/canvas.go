package sequence

import (
	"html"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/report/internal/wording"
)

// A canvas collects the elements of a picture. All text from outside goes through its methods, which escape it; classes and
// paths are our own.
type canvas struct {
	b             strings.Builder
	width, height float64
}

// layer returns what draw adds, and takes it out of the canvas.
func (c *canvas) layer(draw func()) string {
	before := c.b.String()
	c.b.Reset()
	draw()
	part := c.b.String()
	c.b.Reset()
	c.b.WriteString(before)
	return part
}

func (c *canvas) markup(class, label string) string {
	return `<svg class="` + class + `" role="img" aria-label="` + html.EscapeString(label) + `" viewBox="0 0 ` +
		num(c.width) + " " + num(c.height) + `">` + c.b.String() + "</svg>\n"
}

// group draws elements of one class, with a title.
func (c *canvas) group(class, title string, draw func()) {
	c.b.WriteString("<g")
	if class != "" {
		c.b.WriteString(` class="` + class + `"`)
	}
	c.b.WriteString("><title>" + html.EscapeString(title) + "</title>")
	draw()
	c.b.WriteString("</g>")
}

func (c *canvas) rect(class string, x, y, w, h float64) { c.rounded(class, x, y, w, h, 0) }

func (c *canvas) rounded(class string, x, y, w, h, r float64) {
	c.b.WriteString("<rect" + classAttribute(class) + ` x="` + num(x) + `" y="` + num(y) + `" width="` + num(max(w, 0)) + `" height="` + num(max(h, 0)) + `"`)
	if r > 0 {
		c.b.WriteString(` rx="` + num(r) + `"`)
	}
	c.b.WriteString("/>")
}

func (c *canvas) path(class, d string) {
	if d != "" {
		c.b.WriteString("<path" + classAttribute(class) + ` d="` + d + `"/>`)
	}
}

func (c *canvas) circle(x, y, r float64) {
	c.b.WriteString(`<circle cx="` + num(x) + `" cy="` + num(y) + `" r="` + num(r) + `"/>`)
}

func classAttribute(class string) string {
	if class == "" {
		return ""
	}
	return ` class="` + class + `"`
}

// An anchor says which part of a text is at its place.
type anchor string

const (
	start  anchor = "start"
	middle anchor = "middle"
	end    anchor = "end"
)

func (c *canvas) text(class string, x, y float64, a anchor, text string) {
	c.b.WriteString("<text" + classAttribute(class) + ` x="` + num(x) + `" y="` + num(y) + `"`)
	if a != start {
		c.b.WriteString(` text-anchor="` + string(a) + `"`)
	}
	c.b.WriteString(">" + html.EscapeString(text) + "</text>")
}

// num formats a coordinate.
func num(f float64) string { return wording.Coordinate(f) }

// A box is a part of the picture.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) meets(o box) bool { return b.x0 < o.x1 && o.x0 < b.x1 && b.y0 < o.y1 && o.y0 < b.y1 }

// A spot is where a label may stand: its baseline, and which part of it is there.
type spot struct {
	x, y float64
	a    anchor
}

// Labels are placed where no other label is. They are drawn last, over all else.
type labels struct {
	taken   []box // by labels
	blocked []box // by bars, which labels avoid if they can
	texts   []func()
}

// take keeps a part of the picture free of labels.
func (l *labels) take(b box) { l.taken = append(l.taken, b) }

// obstruct has labels avoid a part of the picture.
func (l *labels) obstruct(b box) { l.blocked = append(l.blocked, b) }

// label puts a text at the first of the spots at which it meets no other label and lies within the picture. It returns
// false if there is none.
func (d *drawing) label(class string, px float64, text string, spots ...spot) bool {
	if text == "" {
		return false
	}
	w := wording.Width(text, px)
	for _, s := range spots {
		b := box{s.x, s.y - px*0.82, s.x + w, s.y + px*0.26}
		switch s.a {
		case end:
			b.x0, b.x1 = s.x-w, s.x
		case middle:
			b.x0, b.x1 = s.x-w/2, s.x+w/2
		}
		if b.x0 < leftmost(class) || b.x1 > d.Width || slices.ContainsFunc(d.taken, b.meets) || blocks(class) && slices.ContainsFunc(d.blocked, b.meets) {
			continue
		}
		d.take(b)
		d.texts = append(d.texts, func() { d.text(class, s.x, s.y, s.a, text) })
		return true
	}
	return false
}

// leftmost is where labels of a class may begin: only the names of the lanes stand left of the lanes.
func leftmost(class string) float64 {
	if strings.HasPrefix(class, "lane") {
		return 0
	}
	return leftMargin - 4
}

// blocks reports whether labels of a class avoid bars: the names of faults stand in theirs.
func blocks(class string) bool {
	return class != "f" && class != "lane" && class != "lane cl" && class != "t"
}

func (d *drawing) drawTexts() {
	for _, draw := range d.texts {
		draw()
	}
}
