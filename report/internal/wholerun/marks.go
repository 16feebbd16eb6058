package wholerun

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/capsize-go/capsize/report/internal/wording"
)

// marks draws the calls that were not answered, and the answered ones that the page lists: each has a title, and
// leads to its line if that is on the page. Marks that would overlap are one.
func (l *layout) marks() (all []Mark) {
	for _, o := range []Outcome{Info, Fail} {
		calls, counts := l.thinned(o)
		l.drawnOnce(o, len(calls), sum(counts))
		for i, c := range calls {
			all = append(all, l.mark(c, counts[i]-1))
		}
	}
	for _, c := range l.Calls {
		if l.Linked[c.Line] {
			all = append(all, l.mark(c, 0))
		}
	}
	return all
}

// drawnOnce notes that some calls have no mark of their own.
func (l *layout) drawnOnce(o Outcome, drawn, of int) {
	if drawn < of {
		l.fewer = append(l.fewer, fmt.Sprintf("%s %s of %s", o, wording.Count(drawn), wording.Count(of)))
	}
}

func sum(all []int) (n int) {
	for _, x := range all {
		n += x
	}
	return n
}

// mark returns the mark of a call, and says how many more it stands for.
func (l *layout) mark(c Call, more int) Mark {
	title := fmt.Sprintf("line %s: process %d, %s, %s after %s", wording.Count(int(c.Line)), c.Process, l.instant(c.At), c.Outcome, wording.Short(c.Took))
	if c.Took == Forever {
		title = fmt.Sprintf("line %s: process %d, %s, never returned", wording.Count(int(c.Line)), c.Process, l.instant(c.At))
	}
	if more > 0 {
		title += fmt.Sprintf("; and %s here", wording.Plural(more, "more call"))
	}
	m := Mark{decimal(100*l.share(c.At), 2), decimal(l.y(c.Took), 1), c.Outcome.String(), title, ""}
	if l.Linked[c.Line] {
		m.Link = fmt.Sprint("#line-", c.Line)
	}
	return m
}

// thinned returns the calls of an outcome without those that lie in one cell of a grid with an earlier one, and
// how many calls each stands for. The cells are as large as a mark at first, and grow until few enough are left; the
// extremes stay visible.
func (l *layout) thinned(o Outcome) (calls []Call, counts []int) {
	for columns := 400; ; columns = columns * 3 / 4 {
		first := make([]int, columns*Height) // index in calls, from 1
		calls, counts = nil, nil
		rows := max(Height*columns/1200, 1)
		for _, c := range l.Calls {
			if c.Outcome != o || l.Linked[c.Line] {
				continue
			}
			cell := l.part(c.At, columns)*Height + int(l.y(c.Took)*float64(rows)/Height)
			if at := first[cell]; at > 0 {
				counts[at-1]++
				continue
			}
			calls, counts = append(calls, c), append(counts, 1)
			first[cell] = len(calls)
		}
		if len(calls) <= maxMarks || columns < 20 {
			return calls, counts
		}
	}
}

// rates draws how many calls were invoked, by outcome, as stacked bars, and names the highest rate.
func (l *layout) rates() (bars []Bar, highest string) {
	parts := make([][outcomes]int, rateParts)
	high := 0
	for _, c := range l.Calls {
		n := &parts[l.part(c.At, rateParts)]
		n[c.Outcome]++
		high = max(high, n[OK]+n[Info]+n[Fail])
	}
	full := l.stripHeight()
	for i, n := range parts {
		y := full
		for o := range outcomes {
			if n[o] == 0 {
				continue
			}
			h := max(float64(n[o])/float64(high)*full, 1.5) // a single one is seen as well
			y = max(y-h, 0)
			bars = append(bars, Bar{decimal(100*float64(i)/rateParts, 2), decimal(90.0/rateParts, 2), decimal(y, 1), decimal(h, 1), o.String()})
		}
	}
	if l.Ordered {
		return bars, ""
	}
	return bars, rate(float64(high) * rateParts / (l.To - l.From).Seconds())
}

func (l *layout) stripHeight() float64 {
	if l.Ordered {
		return 2 * Strip
	}
	return Strip
}

// rate formats a rate in at most six characters; empty if that says nothing.
func rate(perSecond float64) string {
	switch {
	case perSecond >= 1e7 || perSecond == 0 || math.IsNaN(perSecond):
		return ""
	case perSecond >= 10000:
		return fmt.Sprintf("%.0fk/s", perSecond/1000)
	case perSecond >= 10:
		return fmt.Sprintf("%.0f/s", perSecond)
	}
	return fmt.Sprintf("%.2g/s", perSecond)
}

// parts divides the run into stretches, each with a summary as its title.
func (l *layout) parts() []Part {
	var n [stretches][outcomes]int
	var took [stretches][]time.Duration
	for _, c := range l.Calls {
		i := l.part(c.At, stretches)
		n[i][c.Outcome]++
		if c.Outcome == OK && !l.Ordered {
			took[i] = append(took[i], c.Took)
		}
	}
	all := make([]Part, stretches)
	length := l.To - l.From
	for i := range all {
		from, to := l.From+length/stretches*time.Duration(i), l.From+length/stretches*time.Duration(i+1)
		title := fmt.Sprintf("%s to %s: %s ok, %s info, %s fail", l.instant(from), l.instant(to),
			wording.Count(n[i][OK]), wording.Count(n[i][Info]), wording.Count(n[i][Fail]))
		if slices.Sort(took[i]); len(took[i]) > 0 {
			title += fmt.Sprintf("; p50 %s, p99 %s", wording.Short(quantile(took[i], .5)), wording.Short(quantile(took[i], .99)))
		}
		all[i] = Part{fmt.Sprint("run-", i+1), decimal(100*float64(i)/stretches, 2), decimal(100.0/stretches, 2), title}
	}
	return all
}
