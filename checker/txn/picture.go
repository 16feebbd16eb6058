package txn

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"unicode/utf8"

	"github.com/capsize-go/capsize/history"
)

// Sizes of a picture, in pixels.
const (
	pictureWidth = 960.0
	pictureLeft  = 150.0 // of the time line
	pictureRow   = 58.0
	letter       = 6.7 // about as wide as one of 12 pixels is
)

// SVG draws an anomaly: each of its transactions as a bar on a time line, with what it read and wrote, and an arc for each dependency,
// with its reason below. The result is a complete file. An index that is none of an anomaly gives nil.
func (r *Report) SVG(h *History, anomaly int) []byte {
	if anomaly < 0 || anomaly >= len(r.Anomalies) {
		return nil
	}
	a := r.Anomalies[anomaly]
	p := &picture{h: h, a: a, row: map[int32]int{}}
	for i, t := range a.Txns {
		if _, ok := p.row[t]; !ok {
			p.row[t] = i
		}
	}
	p.scale()
	bottom := 40 + pictureRow*float64(len(a.Txns))
	height := bottom + 24 + 20*float64(len(a.Edges))
	fmt.Fprintf(&p.b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s">`+"\n",
		pictureWidth, height, pictureWidth, height, html.EscapeString(a.Type+": "+a.Reason))
	p.b.WriteString(pictureStyle)
	p.text("h", 8, 20, a.Type+": "+a.Reason, pictureWidth-16)
	for i, t := range a.Txns {
		p.bar(i, t)
	}
	for i, e := range a.Edges {
		p.arc(i, e)
		p.text("r", 8, bottom+20+20*float64(i), fmt.Sprintf("%d  %s", i+1, h.edgeText(e)), pictureWidth-16)
	}
	p.b.WriteString("</svg>\n")
	return p.b.Bytes()
}

const pictureStyle = `<style>
text{font:12px ui-sans-serif,system-ui,sans-serif;fill:#1b1f24}
.h{font-weight:600;font-size:14px}.m{fill:#57606a}
.bar{fill:#dbe9ff;stroke:#3b6fc4}.open{fill:#fff3d6;stroke:#b7791f;stroke-dasharray:4 3}.fail{fill:#ffe0dd;stroke:#c4362b}
.ww{stroke:#6f42c1}.wr{stroke:#1a7f37}.rw{stroke:#cf222e}.so,.rt{stroke:#57606a;stroke-dasharray:5 3}
.arc{fill:none;stroke-width:1.6}.n{font-weight:600;font-size:11px;text-anchor:middle}.dot{fill:#fff;stroke:#57606a}
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="#57606a"/></marker></defs>
`

// A picture is one being drawn.
type picture struct {
	b        bytes.Buffer
	h        *History
	a        Anomaly
	row      map[int32]int
	from, to float64 // of the time line
}

// when returns the begin and the end of a transaction: its times if they are known, else its positions.
func (p *picture) when(t int32) (begin, end float64, open bool) {
	x := p.h.Txns[t]
	if p.h.Untimed {
		return float64(2 * t), float64(2*t + 1), false
	}
	open = x.End == Never
	if pl := p.h.Places; pl != nil && pl[t].Invoked != pl[t].Completed && p.timed() {
		if pl[t].Completed == history.Forever {
			return float64(pl[t].Invoked), 0, true
		}
		return float64(pl[t].Invoked), float64(pl[t].Completed), open
	}
	return float64(x.Begin), float64(x.End), open
}

// timed reports whether all transactions of the anomaly have times.
func (p *picture) timed() bool {
	for _, t := range p.a.Txns {
		if p.h.Places == nil || p.h.Places[t].Invoked == p.h.Places[t].Completed {
			return false
		}
	}
	return true
}

func (p *picture) scale() {
	first := true
	for _, t := range p.a.Txns {
		begin, end, open := p.when(t)
		if open {
			end = begin + 1
		}
		if first || begin < p.from {
			p.from = begin
		}
		if first || end > p.to {
			p.to = end
		}
		first = false
	}
	if p.to <= p.from {
		p.to = p.from + 1
	}
}

func (p *picture) x(t float64) float64 {
	return pictureLeft + (t-p.from)/(p.to-p.from)*(pictureWidth-pictureLeft-60)
}

// y is the middle of the bar of a row.
func (p *picture) y(row int) float64 { return 40 + pictureRow*float64(row) + 36 }

func (p *picture) bar(row int, t int32) {
	begin, end, open := p.when(t)
	a, b := p.x(begin), pictureWidth-12
	class := "bar"
	if open {
		class = "open"
	} else {
		b = max(p.x(end), a+6)
	}
	if p.h.Txns[t].Type == history.Fail {
		class = "fail"
	}
	y := p.y(row)
	p.text("", 8, y+4, fmt.Sprintf("T%d", t), 60)
	p.text("m", 56, y+4, fmt.Sprintf("process %d", p.h.Txns[t].Process), 92)
	label := p.h.TxnText(t, p.a)
	x := min(a, max(pictureLeft, pictureWidth-12-letter*float64(utf8.RuneCountInString(label))))
	p.text("", x, y-12, label, pictureWidth-12-x)
	fmt.Fprintf(&p.b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="14" rx="3"/>`+"\n", class, a, y-7, b-a)
}

// arc draws an edge from the bar of one transaction to that of another, and its number.
func (p *picture) arc(i int, e Edge) {
	from, to := p.row[e.From], p.row[e.To]
	ax, bx := p.middle(e.From), p.middle(e.To)
	ay, by := p.y(from), p.y(to)
	if from < to {
		ay, by = ay+7, by-7
	} else {
		ay, by = ay-7, by+7
	}
	bend := 26 + 14*float64(i%4) // to the side, so that arcs there and back are apart
	dx, dy := bx-ax, by-ay
	long := math.Hypot(dx, dy)
	mx, my := (ax+bx)/2+bend*dy/long, (ay+by)/2-bend*dx/long
	fmt.Fprintf(&p.b, `<path class="arc %s" d="M%.1f %.1fQ%.1f %.1f %.1f %.1f" marker-end="url(#head)"><title>%s</title></path>`+"\n",
		e.Kind, ax, ay, mx, my, bx, by, html.EscapeString(p.h.edgeText(e)))
	cx, cy := (ax+2*mx+bx)/4, (ay+2*my+by)/4
	fmt.Fprintf(&p.b, `<circle class="dot" cx="%.1f" cy="%.1f" r="8"/><text class="n" x="%.1f" y="%.1f">%d</text>`+"\n", cx, cy, cx, cy+4, i+1)
}

// middle is where arcs of a transaction begin and end: in its bar.
func (p *picture) middle(t int32) float64 {
	begin, end, open := p.when(t)
	if open {
		return p.x(begin) + 12
	}
	return (p.x(begin) + max(p.x(end), p.x(begin)+6)) / 2
}

// text writes a line, cut to a width.
func (p *picture) text(class string, x, y float64, s string, width float64) {
	if most := int(width / letter); utf8.RuneCountInString(s) > most && most > 1 {
		s = string([]rune(s)[:most-1]) + "…"
	}
	fmt.Fprintf(&p.b, `<text class="%s" x="%.1f" y="%.1f">%s</text>`+"\n", class, x, y, html.EscapeString(s))
}
