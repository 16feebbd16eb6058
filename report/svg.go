package report

import (
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
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

// A marker draws the shape of an outcome around a point: ok is a dot, info a
// triangle, fail a cross, so that colour is not needed to distinguish them.
func marker(o int, x, y float64) string {
	at := "M" + num(x) + " " + num(y)
	switch o {
	case info:
		return at + "m-3.5 2.8h7l-3.5-6z"
	case fail:
		return at + "m-2.6-2.6l5.2 5.2m0-5.2l-5.2 5.2"
	}
	return at + "h0"
}

// num formats a coordinate with one digit after the point at most.
func num(f float64) string {
	f = math.Round(f*10) / 10
	if f == 0 || math.IsNaN(f) || math.IsInf(f, 0) {
		return "0"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// A labelRows places labels side by side and says into which row each goes.
type labelRows struct {
	rows []float64 // where each row is taken up to
	most int       // rows; a label that finds no room goes to row -1
}

// place takes the room from one x to another in the first row that has it free.
func (s *labelRows) place(from, to float64) int {
	for i := range s.rows {
		if from >= s.rows[i] {
			s.rows[i] = to
			return i
		}
	}
	if len(s.rows) >= s.most {
		return -1
	}
	s.rows = append(s.rows, to)
	return len(s.rows) - 1
}

// num2 formats a percentage with two digits after the point at most.
func num2(f float64) string { return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64) }
