package sequence

import (
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/report/internal/account"
	"github.com/capsize-go/capsize/report/internal/wording"
)

// maxFaults is how many faults have a band and a label.
const maxFaults = 4

// A wall is the line between the two sides of a network that is cut.
type wall struct {
	y        float64
	from, to time.Duration
	a, b     []string
}

// active reports whether the wall is in the way of a message.
func (w wall) active(a arrow) bool {
	if a.Sent > w.to || a.At < w.from {
		return false
	}
	return slices.Contains(w.a, a.From) && slices.Contains(w.b, a.To) || slices.Contains(w.b, a.From) && slices.Contains(w.a, a.To)
}

// drawFaults draws a band for each fault. A cut in two has a wall between its sides, if the lanes are in such an order.
func (d *drawing) drawFaults() {
	d.walls = map[int]wall{}
	n := 0
	for i, f := range d.Faults {
		if len(d.axis.within(f.From, f.To)) == 0 {
			continue
		}
		if n++; n > maxFaults {
			return
		}
		a, b := d.axis.x(f.From), d.axis.x(f.To)
		if f.From < d.axis.stretches[0].from {
			a = leftMargin
		}
		d.group("", faultTitle(f), func() { d.rect("band", a, top, max(b-a, 2), d.bottom-top) })
		if w, ok := d.wall(f); ok {
			d.walls[i] = w
			d.rect("wall", a, w.y-9, max(b-a, 2), 18)
			d.obstruct(box{a, w.y - 9, b, w.y + 9})
			d.faultLabel(f, a, b, w.y+4)
			continue
		}
		d.faultLabel(f, a, b, top+11, top+24)
	}
}

func faultTitle(f account.Fault) string {
	return fmt.Sprintf("%s, from %s to %s", wording.Clean(f.Name, 120), account.Instant(f.From), account.Instant(f.To))
}

// faultLabel writes the name of a fault into its band, in the first stretch that has room.
func (d *drawing) faultLabel(f account.Fault, a, b float64, rows ...float64) {
	text := wording.Clean(f.Name, 90)
	if _, _, ok := account.Sides(f.Name); ok {
		text = "network cut since " + account.Instant(f.From) + ": " + text
	}
	for _, s := range d.axis.stretches {
		x := max(a, s.x0)
		if x > s.x1 || x > b {
			continue
		}
		for _, y := range rows {
			if d.label("f", 11.5, text, spot{x + 8, y, start}) || d.label("f", 11.5, text, spot{min(b, s.x1) - 4, y, end}) {
				return
			}
		}
	}
	for _, s := range d.axis.stretches {
		x := max(a, s.x0)
		for _, y := range rows {
			if room := s.x1 - x - 10; x < min(b, s.x1) && d.label("f", 11.5, wording.Fit(text, 11.5, room), spot{x + 6, y, start}) {
				return
			}
		}
	}
}

// wall finds the place between the sides of a cut: it is there only if the lanes of one side are all above it.
func (d *drawing) wall(f account.Fault) (wall, bool) {
	a, b, ok := account.Sides(f.Name)
	if !ok {
		return wall{}, false
	}
	side := func(l lane) int {
		host := l.host
		if !l.node() {
			host = d.boundTo(l.process)
		}
		switch {
		case slices.Contains(a, host):
			return 1
		case slices.Contains(b, host):
			return 2
		}
		return 0
	}
	at, last := -1, 0
	for i, l := range d.lanes {
		now := side(l)
		if now == 0 {
			continue
		}
		if last != 0 && now != last {
			if at >= 0 {
				return wall{}, false
			}
			at = i
		}
		last = now
	}
	if at <= 0 {
		return wall{}, false
	}
	return wall{(d.lanes[at-1].y + d.lanes[at].y) / 2, f.From, f.To, a, b}, true
}
