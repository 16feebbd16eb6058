package report

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"time"
)

// A Grid is a page of cards: a row for each variant of a system, a column for each fault.
type Grid struct {
	Title   string
	Lead    string // a paragraph on what the cards show
	Legend  []KV   // what the labels mean
	Columns []KV   // the faults, each with a description
	Rows    []GridRow
	Note    string // how it was made
}

// A GridRow has the cards of one variant.
type GridRow struct {
	Name, Doc, Label string
	Cards            []Card // one for each column; the zero Card where there is none
}

// A Card is a picture of the share of requests that were answered before, during and after a
// fault, with the verdicts on the answers.
type Card struct {
	Title    string
	Label    string
	From, To time.Duration // while the fault was active
	End      time.Duration // of the picture
	Rows     []CardRow
	Facts    []Row // further results, each good or bad

	Command string // that makes the card again, or shows a run of it; optional
	URL     string // of a page with such a run, relative to that of the grid; optional
}

// A CardRow is one kind of request on one side.
type CardRow struct {
	Name   string
	Shares []float64 // of the requests of each second, those that were answered, from 0 to 1; NaN without requests
	During float64   // of those that were made while the fault was active
}

// hatch is the pattern of what was not answered: the two colours of a card are one grey in print.
const hatch = `<pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" y2="4" stroke-width="3"/></pattern>`

// Measures of a card.
const (
	cardWidth  = 320.0
	cardLeft   = 92.0
	cardRight  = 52.0
	rowHeight  = 17.0
	rowGap     = 5.0
	factHeight = 16.0
)

// CardSVG writes a card as an SVG file with its own style.
func CardSVG(w io.Writer, c Card) error {
	style := `<style>svg{background:#fff}text{font:12px system-ui,sans-serif;fill:#1b1f24}.t{fill:#5c6570;font-size:11px}.l{font-weight:600}` +
		`.bar-ok{fill:#1f6feb}.miss{fill:url(#hatch);stroke:#c9184a;stroke-width:.6}.hatch{stroke:#c9184a}.none{fill:#5c6570}.band{fill:#c9184a;fill-opacity:.09}.w{fill:#c9184a}.g{fill:#1a7f37}</style><defs>` + hatch + `</defs>`
	s := c.draw(true)
	picture := string(s.markup("card", c.altText()))
	picture = strings.Replace(picture, "<svg ", `<svg xmlns="http://www.w3.org/2000/svg" `, 1)
	picture = strings.Replace(picture, ">", ">"+style, 1)
	if _, err := io.WriteString(w, picture); err != nil {
		return fmt.Errorf("write card: %w", err)
	}
	return nil
}

// draw draws the card: time from left to right, a row for each kind of request, and the facts below.
func (c Card) draw(titled bool) *svg {
	top := 6.0
	if titled {
		top = 24
	}
	bottom := top + float64(len(c.Rows))*(rowHeight+rowGap)
	s := &svg{width: cardWidth, height: bottom + 16 + float64(len(c.Facts))*factHeight}
	if titled {
		s.text("l", 6, 15, start, c.Title)
		s.text("t", cardWidth-6, 15, ending, c.Label)
	}
	x := func(t time.Duration) float64 {
		return cardLeft + (cardWidth-cardLeft-cardRight)*float64(t)/float64(max(c.End, 1))
	}
	s.rect("band", x(c.From), top-2, x(c.To)-x(c.From), bottom-top, 0, "")
	for i, l := range c.Rows {
		l.draw(s, x, top+float64(i)*(rowHeight+rowGap))
	}
	s.text("t", x(c.From), bottom+9, middle, seconds(c.From))
	s.text("t", x(c.To), bottom+9, middle, seconds(c.To))
	for i, f := range c.Facts {
		class, sign := "w", "✗"
		if f.OK {
			class, sign = "g", "✓"
		}
		y := bottom + 26 + float64(i)*factHeight
		s.text(class, 6, y, start, sign)
		s.text("", 20, y, start, clip(f.What, 48))
	}
	return s
}

func seconds(t time.Duration) string { return fmt.Sprintf("%.0f s", t.Seconds()) }

// clip cuts text that a card has no room for.
func clip(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// draw draws a bar a second: blue as high as requests were answered, hatched above.
func (l CardRow) draw(s *svg, x func(time.Duration) float64, y float64) {
	s.text("t", cardLeft-8, y+rowHeight-5, ending, l.Name)
	for i, share := range l.Shares {
		left, right := x(time.Duration(i)*time.Second), x(time.Duration(i+1)*time.Second)
		if right > cardWidth-cardRight+0.5 {
			break
		}
		if math.IsNaN(share) {
			s.rect("none", left, y+rowHeight-2, right-left-1, 2, 0, "")
			continue
		}
		tip := fmt.Sprintf("%s, second %d: %.0f %% answered", l.Name, i, 100*share)
		h := share * rowHeight
		if h < rowHeight {
			s.rect("miss", left, y, right-left-1, rowHeight-h, 0, tip)
		}
		if h > 0 {
			s.rect("bar-ok", left, y+rowHeight-h, right-left-1, h, 0, tip)
		}
	}
	if !math.IsNaN(l.During) {
		s.text("l", cardWidth-6, y+rowHeight-5, ending, fmt.Sprintf("%.0f %%", 100*l.During))
	}
}

// altText describes the card in words, for readers who don't see the picture.
func (c Card) altText() string {
	var parts []string
	for _, l := range c.Rows {
		if !math.IsNaN(l.During) {
			parts = append(parts, fmt.Sprintf("%s %.0f %% answered", l.Name, 100*l.During))
		}
	}
	for _, f := range c.Facts {
		parts = append(parts, f.What)
	}
	return c.Title + ": " + strings.Join(parts, ", ")
}

// GridHTML writes a page with all cards: one file that needs no network and no script.
func GridHTML(w io.Writer, b Grid) error {
	css, err := styleSheet()
	if err != nil {
		return err
	}
	v := gridView{Grid: b, Style: css, Hatch: hatch}
	for _, r := range b.Rows {
		row := gridRowView{GridRow: r, Anchor: anchorOf(r.Name)}
		for i, c := range r.Cards {
			view := cardView{Label: c.Label, Title: r.Name, Anchor: row.Anchor + fmt.Sprint("-", i+1), Command: clean(c.Command, anyLength), URL: c.URL}
			if i < len(b.Columns) {
				view.Column = b.Columns[i].Name
				view.Title += " under " + view.Column
			}
			view.Short = shortLabel(c.Label)
			if len(c.Rows) > 0 {
				view.Picture = c.draw(false).markup("card", c.altText())
			}
			row.Pictures = append(row.Pictures, view)
		}
		v.Views = append(v.Views, row)
	}
	var page bytes.Buffer
	if err := gridPage.Execute(&page, v); err != nil {
		return fmt.Errorf("make grid: %w", err)
	}
	if _, err := page.WriteTo(w); err != nil {
		return fmt.Errorf("write grid: %w", err)
	}
	return nil
}

// shortLabel is a label as a cell of the board has room for it.
func shortLabel(label string) string {
	switch {
	case label == "kept":
		return "✓"
	case label == "broken":
		return "✗"
	case runes(label) > 2:
		return "–"
	}
	return label
}

// anchorOf makes a name part of an address within the page.
func anchorOf(name string) string { return strings.ReplaceAll(name, " ", "-") }

type gridView struct {
	Grid
	Style template.CSS
	Hatch template.HTML
	Views []gridRowView
}

type gridRowView struct {
	GridRow
	Anchor   string
	Pictures []cardView
}

// A cardView is a card with its cell of the board, which leads to it.
type cardView struct {
	Label, Short  string
	Column, Title string
	Anchor        string
	Command, URL  string
	Picture       template.HTML
}

var gridPage = template.Must(template.ParseFS(assets, "assets/grid.tmpl"))
