package report

import (
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/report/internal/wording"
)

// An svg builds a picture. Text from outside goes through its methods
// only, which escape it; classes and paths are our own.
type svg struct {
	b             strings.Builder
	width, height float64
}

// markup returns the picture. label describes it for readers who don't see it.
func (s *svg) markup(class, label string) template.HTML {
	var b strings.Builder
	b.WriteString(`<svg class="` + class + `" role="img" aria-label="` + html.EscapeString(label) + `" viewBox="0 0 `)
	b.WriteString(num(s.width) + " " + num(s.height) + `">`)
	b.WriteString(s.b.String())
	b.WriteString("</svg>\n")
	return template.HTML(b.String())
}

// rect draws a rectangle, with a tooltip unless title is empty.
func (s *svg) rect(class string, x, y, w, h, round float64, title string) {
	s.b.WriteString(`<rect class="` + class + `" x="` + num(x) + `" y="` + num(y) + `" width="` + num(max(w, 0)) + `" height="` + num(h) + `"`)
	if round > 0 {
		s.b.WriteString(` rx="` + num(round) + `"`)
	}
	s.close("rect", title)
}

// path draws a path with data d.
func (s *svg) path(class, d, title string) {
	if d == "" {
		return
	}
	s.b.WriteString(`<path class="` + class + `" d="` + d + `"`)
	s.close("path", title)
}

func (s *svg) close(element, title string) {
	if title == "" {
		s.b.WriteString("/>")
		return
	}
	s.b.WriteString("><title>" + html.EscapeString(title) + "</title></" + element + ">")
}

// An anchor says which part of a text is at its place.
type anchor string

const (
	start  anchor = "start"
	middle anchor = "middle"
	ending anchor = "end"
)

func (s *svg) text(class string, x, y float64, a anchor, text string) {
	s.b.WriteString(`<text class="` + class + `" x="` + num(x) + `" y="` + num(y) + `"`)
	if a != start {
		s.b.WriteString(` text-anchor="` + string(a) + `"`)
	}
	s.b.WriteString(">" + html.EscapeString(text) + "</text>")
}

// num formats a coordinate.
func num(f float64) string { return wording.Coordinate(f) }

// num2 formats a percentage with two digits after the point at most.
func num2(f float64) string { return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64) }
