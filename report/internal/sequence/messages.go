package sequence

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/report/internal/wording"
)

// maxKinds is how many kinds of message have a filter of their own; the others share the last.
const maxKinds = 6

// An arrow is a message that is drawn.
type arrow struct {
	trace.Message
	heat  heat
	class string // of its kind
	other bool   // it is between a node and a client, and not part of the account
}

// choose picks the messages to draw: those of the account, and of those that lie within a stretch at most MaxArrows, the
// lost ones first, then those that do more than to keep something alive, and those near to the account.
func (d *drawing) choose() {
	nodes := d.nodes()
	clients := map[string]bool{}
	for _, c := range d.Calls {
		clients[d.clientHost(c)] = true
	}
	var all []arrow
	for _, m := range d.Trace.Messages {
		fromNode, toNode := slices.Contains(nodes, m.From), slices.Contains(nodes, m.To)
		a := arrow{Message: m, heat: d.hot[m.ID]}
		a.other = !fromNode || !toNode
		if a.heat == pale && (!d.shown(m) || a.other && !clients[m.From] && !clients[m.To]) {
			continue
		}
		if m.From == m.To {
			continue
		}
		all = append(all, a)
	}
	sorting.Stable(all, func(a, b arrow) int { return cmp.Compare(d.rank(b), d.rank(a)) })
	if len(all) > MaxArrows {
		d.left, all = len(all)-MaxArrows, all[:MaxArrows]
	}
	sorting.Stable(all, func(a, b arrow) int {
		return cmp.Or(cmp.Compare(a.heat, b.heat), cmp.Compare(a.Sent, b.Sent), cmp.Compare(a.ID, b.ID))
	})
	d.arrows = all
	d.classify()
}

// shown reports whether a message lies within one stretch: a lost one from its sending on.
func (d *drawing) shown(m trace.Message) bool {
	i := d.axis.at(m.Sent)
	return i >= 0 && (m.Lost != "" || d.axis.at(m.At) == i)
}

func (d *drawing) rank(a arrow) int {
	n := 10 * int(a.heat)
	if a.Lost != "" && !a.Idle {
		n += 4
	}
	if !a.Idle && !a.other {
		n += 2
	}
	if len(a.Carries) > 0 {
		n++
	}
	return n
}

// classify gives each kind of message a class, and lists the filters.
func (d *drawing) classify() {
	counts := map[string]int{}
	lost, other := 0, 0
	for i := range d.arrows {
		a := &d.arrows[i]
		if a.Lost != "" {
			lost++
		}
		if a.other && a.heat == pale {
			other++
			continue
		}
		counts[kindOf(a.Message)]++
	}
	names := sorting.Keys(counts)
	sorting.Stable(names, func(a, b string) int { return cmp.Compare(counts[b], counts[a]) })
	class := map[string]string{}
	for i, name := range names {
		k := min(i, maxKinds-1)
		class[name] = fmt.Sprint("k", k)
		if i < maxKinds {
			d.kinds = append(d.kinds, Filter{Class: class[name], Name: name, Count: counts[name]})
			continue
		}
		d.kinds[k].Name, d.kinds[k].Count = "other kinds", d.kinds[k].Count+counts[name]
	}
	for i := range d.arrows {
		d.arrows[i].class = class[kindOf(d.arrows[i].Message)]
	}
	if lost > 0 {
		d.kinds = append(d.kinds, Filter{Class: "lost", Name: "lost", Count: lost})
	}
	if other > 0 {
		d.kinds = append(d.kinds, Filter{Class: "other", Name: "other calls", Count: other, Off: true})
	}
}

// kindOf names the kind of a message.
func kindOf(m trace.Message) string {
	switch {
	case m.Name != "":
		return wording.Clean(m.Name, 24)
	case m.Protocol != "":
		return wording.Clean(m.Protocol, 24)
	case m.Bytes > 0:
		return "bytes"
	}
	return "message"
}

// drawMessages draws the arrows, those that matter last.
func (d *drawing) drawMessages() {
	for _, a := range d.arrows {
		i, j := d.laneOf(a.From, a.Sent), d.laneOf(a.To, a.At)
		if i < 0 || j < 0 || i == j {
			continue
		}
		from, to := d.lanes[i].y, d.lanes[j].y
		x0, x1 := d.axis.x(a.Sent), d.axis.x(a.At)
		from, to = from+math.Copysign(5, to-from), to-math.Copysign(5, to-from)
		class := d.classOf(a)
		d.group(class, title(a.Message), func() {
			if a.Lost != "" {
				d.lost(a, i, j, x0, x1, from, to)
				return
			}
			d.path("", line(x0, from, x1, to))
			d.path("a", head(x0, from, x1, to))
		})
	}
}

func (d *drawing) classOf(a arrow) string {
	class := []string{"msg"}
	if a.class != "" && !(a.other && a.heat == pale) {
		class = append(class, a.class)
	}
	if strings.Contains(strings.ToLower(a.Name), "vote") || strings.Contains(strings.ToLower(a.Name), "elect") {
		class = append(class, "vote")
	}
	if a.Idle {
		class = append(class, "beat")
	}
	if a.Lost != "" {
		class = append(class, "lost")
	}
	switch {
	case a.heat == decisive:
		class = append(class, "hot", "bad")
	case a.heat == hot:
		class = append(class, "hot")
	case a.other:
		class = append(class, "other")
	}
	return strings.Join(class, " ")
}

// lost draws a message that did not arrive: to the wall of the cut that lost it, or else half of the way.
func (d *drawing) lost(a arrow, i, j int, x0, x1, from, to float64) {
	y := (from + to) / 2
	for _, w := range d.walls {
		if w.active(a) && between(w.y, d.lanes[i].y, d.lanes[j].y) {
			y = w.y - math.Copysign(9, w.y-from)
		}
	}
	x := x0 + min(max((x1-x0)/2, 6), 12)
	if s := d.axis.at(a.Sent); s >= 0 {
		x = max(min(x, d.axis.stretches[s].x1), x0)
	}
	d.path("", line(x0, from, x, y))
	d.path("x", "M"+num(x-3)+" "+num(y-3)+"l6 6m0-6l-6 6")
}

func between(y, a, b float64) bool { return min(a, b) < y && y < max(a, b) }

func line(x0, y0, x1, y1 float64) string {
	return "M" + num(x0) + " " + num(y0) + "L" + num(x1) + " " + num(y1)
}

// head returns the head of an arrow.
func head(x0, y0, x1, y1 float64) string {
	length := math.Hypot(x1-x0, y1-y0)
	if length == 0 {
		return ""
	}
	ux, uy := (x1-x0)/length, (y1-y0)/length
	bx, by := x1-6.5*ux, y1-6.5*uy
	return "M" + num(x1) + " " + num(y1) + "L" + num(bx-2.6*uy) + " " + num(by+2.6*ux) + "L" + num(bx+2.6*uy) + " " + num(by-2.6*ux) + "z"
}

// reasons say why a message was lost.
var reasons = map[trace.Loss]string{
	trace.Cut: "the link was cut", trace.Chance: "the link loses messages", trace.Down: "the receiver was down",
	trace.Crashed: "the sender crashed", trace.Pending: "still on its way when the recording ended",
}

// title describes a message.
func title(m trace.Message) string {
	text := wording.Clean(m.Text, 300)
	if text == "" {
		text = kindOf(m)
		if m.Bytes > 0 {
			text += ", " + wording.Plural(m.Bytes, "byte")
		}
	}
	s := fmt.Sprintf("%s → %s: %s, sent %s, ", wording.Clean(m.From, 40), wording.Clean(m.To, 40), text, exact(m.Sent))
	if m.Lost == "" {
		return s + "arrived " + exact(m.At)
	}
	reason, ok := reasons[m.Lost]
	if !ok {
		reason = wording.Clean(string(m.Lost), 60)
	}
	s += "lost: " + reason
	if m.Fault != "" {
		s += " (" + wording.Clean(m.Fault, 120) + ")"
	}
	return s
}

// exact formats an instant to the microsecond.
func exact(t time.Duration) string { return fmt.Sprintf("%.6fs", t.Seconds()) }
