package report

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
)

// linkSentence says a link in words: "T1 comes before T2: it read x as [1], without 5".
func linkSentence(l checker.Link) string {
	return fmt.Sprintf("T%d comes before T%d: it %s", l.From+1, l.To+1, clean(l.Reason, 300))
}

// linkLines lists the links of a counterexample for a terminal, a line each: from, to, what was observed, and the dependency.
func linkLines(why *checker.Counterexample, s Style) []string {
	if len(why.Links) == 0 {
		return nil
	}
	most := 0
	for _, l := range why.Links {
		most = max(most, runes(clean(l.Label, 40)))
	}
	lines := []string{""}
	for _, l := range why.Links {
		head := fmt.Sprintf("T%d → T%d  ", l.From+1, l.To+1) + pad(clean(l.Label, 40), most) + "  "
		text := wrap(fmt.Sprintf("T%d %s", l.From+1, clean(l.Reason, 300)), max(s.width()-len(indent)-runes(head), 20))
		lines = append(lines, s.paint(bold, head)+text[0])
		for _, rest := range text[1:] {
			lines = append(lines, pad("", runes(head))+rest)
		}
	}
	return lines
}

// linkArcs are the links of a counterexample as arrows beside its calls, from row to row.
type linkArcs []linkArc

type linkArc struct {
	checker.Link
	from, to int // rows
	depth    int // how far from the rows: arcs over the same rows have different depths
}

const (
	arcFirst = 26.0 // how far the innermost arc is from the rows
	arcLabel = 72.0 // how wide the label of an arc may be
	maxArcs  = 6    // links that are drawn; text has all
)

// label is what is written beside the arc.
func (a linkArc) label() string { return fit(clean(a.Label, 40), 11, arcLabel) }

// step returns how far an arc is from the next: its label has room between them.
func (all linkArcs) step() float64 {
	widest := 0.0
	for _, a := range all {
		widest = max(widest, textWidth(a.label(), 11))
	}
	return widest + 14
}

// newLinkArcs lays out the links between the calls that are drawn.
func newLinkArcs(why *checker.Counterexample, calls []shown) linkArcs {
	row := map[int]int{}
	for i, c := range calls {
		row[c.Number-1] = i
	}
	var all linkArcs
	for _, l := range why.Links {
		from, ok := row[l.From]
		to, also := row[l.To]
		if !ok || !also || len(all) == maxArcs {
			continue
		}
		a := linkArc{Link: l, from: from, to: to}
		for slices.ContainsFunc(all, a.meets) {
			a.depth++
		}
		all = append(all, a)
	}
	return all
}

// meets reports whether two arcs of one depth would lie on each other.
func (a linkArc) meets(b linkArc) bool {
	return a.depth == b.depth && min(a.from, a.to) < max(b.from, b.to) && min(b.from, b.to) < max(a.from, a.to)
}

// width returns how much room the arcs take beside the calls.
func (all linkArcs) width() float64 {
	if len(all) == 0 {
		return 0
	}
	deepest := 0
	for _, a := range all {
		deepest = max(deepest, a.depth)
	}
	return arcFirst + all.step()*float64(deepest+1)
}

// draw draws the arcs at the left of the axis, each with an arrow at the call that comes later, and with its label at its middle.
func (all linkArcs) draw(p *counterexampleSVG) {
	right := p.left - 8
	for _, a := range all {
		up := a.from > a.to
		y := func(row int, out float64) float64 { return p.top + p.row*(float64(row)+0.5) + out }
		out := min(p.row/4, 7)
		from, to := y(a.from, out), y(a.to, -out)
		if up {
			from, to = y(a.from, -out), y(a.to, out)
		}
		left := right - (arcFirst+all.step()*float64(a.depth))/0.75 // a curve goes three quarters of the way to its control points
		p.path("arc", "M"+num(right)+" "+num(from)+"C"+num(left)+" "+num(from)+" "+num(left)+" "+num(to)+" "+num(right)+" "+num(to), linkSentence(a.Link))
		p.path("head", "M"+num(right+5)+" "+num(to)+"l-7 -3.5v7z", "")
		p.text("a", right-0.75*(right-left)-4, (from+to)/2+4, ending, a.label())
	}
}
