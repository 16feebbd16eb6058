package wholerun

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/report/internal/wording"
)

// Names are the names of faults and phases above the picture, for one class of widths, in rows so that none overlaps another.
type Names struct {
	Class  string
	Rows   int
	Height int // pixels
	All    []Name
}

// A Name is at the beginning of its fault, or ends at the right edge.
type Name struct {
	X, Most     string // Most is how many pixels it may take
	Row         int
	Right       bool
	Text, Title string
}

// widths are the classes of widths, with pixels of the picture for which the names are laid out.
var widths = []struct {
	class   string
	px      float64
	rows    int
	longest float64
}{{"wide", 960, 2, 190}, {"mid", 480, 2, 170}, {"slim", 270, 3, 150}}

const nameSize = 11 // pixels

func (l *layout) names() (all []Names) {
	for _, w := range widths {
		names, left := Names{Class: w.class}, 0
		ends := make([]float64, 0, w.rows) // where each row is taken up to
		for _, f := range l.labels() {
			longest := w.longest
			if len(l.Faults) > maxBands && f.From == l.From {
				longest = .8 * w.px // the summary of the faults
			}
			width := min(wording.Width(f.Name, nameSize)+6, longest)
			x := l.share(f.From) * w.px
			right := x+width > w.px
			if right {
				x = w.px - width
			}
			row := slices.IndexFunc(ends, func(end float64) bool { return x >= end })
			switch {
			case row >= 0:
			case len(ends) < w.rows:
				row, ends = len(ends), append(ends, 0)
			default:
				left++
				continue
			}
			ends[row] = x + width + 6
			names.All = append(names.All, Name{l.percent(f.From), decimal(width, 0), row, right, f.Name, f.Title})
		}
		if left > 0 && len(names.All) > 0 {
			names.All = append(names.All, Name{X: "0", Most: "300", Row: len(ends), Text: fmt.Sprintf("and %s that %s no room here", wording.Plural(left, "name"), haveOrHas(left))})
			ends = append(ends, 0)
		}
		names.Rows, names.Height = len(ends), 15*len(ends)+2
		all = append(all, names)
	}
	return all
}

func haveOrHas(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

// labels returns what is to be named: the faults, or the commonest of them if they are many, and then the phases.
func (l *layout) labels() (all []Fault) {
	if all = slices.Clone(l.Faults); len(all) > maxBands {
		text := commonest(all)
		all = []Fault{{From: l.From, Name: text, Title: text}}
	}
	for _, p := range l.visiblePhases() {
		all = append(all, Fault{From: p.At, Name: p.Name, Title: fmt.Sprintf("%s begins at %s", p.Name, l.instant(p.At))})
	}
	return all
}

// bands draws the faults. If there are more than maxBands they have no names, and are joined where they touch.
func (l *layout) bands() (all []Band) {
	faults := l.Faults
	if len(faults) > maxBands {
		faults = l.joined()
	}
	for _, f := range faults {
		x := 100 * l.share(f.From)
		all = append(all, Band{decimal(x, 2), decimal(max(100*l.share(f.To)-x, .12), 2), f.Title})
	}
	return all
}

// joined joins faults that touch each other in the picture, so that thousands of them stay few.
func (l *layout) joined() (all []Fault) {
	const near = 0.002
	n := 0
	for _, f := range l.Faults {
		last := len(all) - 1
		if last >= 0 && l.share(f.From) <= l.share(all[last].To)+near {
			n++
			all[last].To = max(all[last].To, f.To)
			all[last].Title = fmt.Sprintf("%s, from %s to %s", wording.Plural(n, "fault"), l.instant(all[last].From), l.instant(all[last].To))
			continue
		}
		n = 1
		all = append(all, f)
	}
	return all
}

// commonest names the commonest of many faults.
func commonest(all []Fault) string {
	n := map[string]int{}
	for _, f := range all {
		n[f.Name]++
	}
	return Commonest(len(all), n)
}

// Commonest names the six commonest of faults, which are counted by name.
func Commonest(faults int, n map[string]int) string {
	names := sorting.Keys(n)
	sorting.Stable(names, func(a, b string) int { return n[b] - n[a] })
	s := wording.Plural(faults, "fault") + ":"
	for i, name := range names {
		if i == 6 {
			return s + " …"
		}
		s += fmt.Sprintf(" %s × %s", wording.Count(n[name]), name)
		if i+1 < len(names) {
			s += ","
		}
	}
	return s
}

// visiblePhases returns the phases that begin within the picture and not at its edge. Phases whose beginnings are too
// near to each other to be named apart are joined.
func (l *layout) visiblePhases() (some []Phase) {
	const near = 0.005
	for _, p := range l.Phases {
		x := l.share(p.At)
		if p.Name == "" || x < near || p.At >= l.To {
			continue
		}
		if last := len(some) - 1; last >= 0 && x-l.share(some[last].At) < near {
			some[last].Name += ", " + p.Name
			continue
		}
		some = append(some, p)
	}
	return some
}

func (l *layout) starts() (all []string) {
	for _, p := range l.visiblePhases() {
		all = append(all, l.percent(p.At))
	}
	return all
}

// frame marks what the top of the page shows.
func (l *layout) frame() *Frame {
	from, to := l.Shown[0], l.Shown[1]
	if from == 0 && to == 0 || to < l.From || from > l.To {
		return nil
	}
	const least = .4 // a frame of no width can't be seen
	a, b := 100*l.share(from), 100*l.share(to)
	if b-a < least {
		a = min(max(0, (a+b-least)/2), 100-least)
		b = a + least
	}
	return &Frame{decimal(a, 2), decimal(b-a, 2), fmt.Sprintf("shown above: %s to %s", l.instant(from), l.instant(to)), b-a < 3}
}

// ticks labels the instants: few for a narrow page, more for a wide one, and more while the picture is zoomed.
func (l *layout) ticks(f *Frame) (all []Tick) {
	length := l.To - l.From
	seen := map[time.Duration]int{} // index in all
	middle := -1.0                  // of the frame, whose label is among those of the axis
	if f != nil {
		middle = l.share((l.Shown[0] + l.Shown[1]) / 2)
	}
	add := func(class string, n int, from, to, near float64) {
		step := time.Duration(0)
		instants := Ticks(length, n)
		if len(instants) > 1 {
			step = instants[1]
		}
		for _, t := range instants {
			x := float64(t) / float64(length)
			if x < from || x > to || math.Abs(x-middle) < near {
				continue
			}
			if i, is := seen[t]; is {
				all[i].Class += " " + class
				continue
			}
			seen[t] = len(all)
			all = append(all, Tick{decimal(100*x, 2), class, l.tick(t, step)})
		}
	}
	add("s", 3, 0, .94, .22)
	add("w", 12, 0, .985, .065)
	add("z", 60, 0, .997, .012)
	if f != nil && f.Deep {
		add("d", 240, middle-.04, middle+.04, .003)
	}
	return all
}
