package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
)

const maxTimeline = 500 // calls in the timeline

// A timeline shows every call around a counterexample, a row for each process.
type timeline struct {
	svg
	from, to    time.Duration
	ordered     bool // the history has no times
	left, right float64
	calls       []history.Call
	key         string // if only calls on this key are shown
	note        string // what is shown
}

// timelinePictures draws the calls around the counterexample, in all widths.
func timelinePictures(run Run, why *checker.Counterexample) (pictures template.HTML, note string) {
	var all strings.Builder
	t := newTimeline(run, why)
	for _, w := range widths {
		t.svg = svg{width: w.px}
		all.WriteString(string(t.draw(run, why, w.class)))
	}
	return template.HTML(all.String()), t.note
}

// newTimeline picks the calls: those that were pending from a little before
// the counterexample until a little after it, on its key if these are many.
func newTimeline(run Run, why *checker.Counterexample) *timeline {
	from, to := window(why.Calls)
	least := time.Millisecond
	if run.Ordered {
		least = 2
	}
	margin := max((to-from)/4, least)
	t := &timeline{ordered: run.Ordered, from: max(from-margin, 0), to: min(to+margin, max(run.end(), to)), key: ""}
	t.to = max(t.to, t.from+least)
	for c := range run.history().Calls() {
		if c.Invoke.Time <= t.to && c.Complete.Time >= t.from {
			t.calls = append(t.calls, c)
		}
	}
	what, all := "every call", len(t.calls)
	if all > maxTimeline && why.Key != "" {
		what, t.key = "every call on "+clean(why.Key, 40), why.Key
		t.calls = slices.DeleteFunc(t.calls, func(c history.Call) bool { return c.Invoke.Key != why.Key })
	}
	if n := len(t.calls); n > maxTimeline {
		what = fmt.Sprintf("the %d of %s calls nearest to its end", maxTimeline, count(n))
		at := foundAt(why)
		sorting.Stable(t.calls, func(a, b history.Call) int {
			return cmp.Compare(distance(a, at), distance(b, at))
		})
		t.calls = t.calls[:maxTimeline]
		t.narrow()
	}
	t.note = fmt.Sprintf("From %s to %s: %s.", stamp(t.from), stamp(t.to), what)
	if run.Ordered {
		t.note = fmt.Sprintf("From %s to %s: %s.", position(t.from), position(t.to), what)
	}
	return t
}

// narrow fits the axis to the calls that are left.
func (t *timeline) narrow() {
	from, to := t.to, t.from
	for _, c := range t.calls {
		if !indeterminate(c) {
			from, to = min(from, c.Invoke.Time), max(to, c.Complete.Time)
		}
	}
	if from < to {
		t.from, t.to = max(t.from, from), min(t.to, to)
	}
}

// distance returns how far a call is from an instant.
func distance(c history.Call, at time.Duration) time.Duration {
	switch {
	case c.Complete.Time < at:
		return at - c.Complete.Time
	case c.Invoke.Time > at:
		return c.Invoke.Time - at
	}
	return 0
}

func (t *timeline) x(at time.Duration) float64 {
	at = min(max(at, t.from), t.to)
	return t.left + float64(at-t.from)/float64(t.to-t.from)*(t.right-t.left)
}

// draw draws the timeline for one width: names of processes, faults, calls and the axis.
func (t *timeline) draw(run Run, why *checker.Counterexample, class string) template.HTML {
	const row = 22.0
	rows := t.processRows()
	t.left, t.right = 0, t.width-10
	for _, l := range rows {
		t.left = max(t.left, textWidth(l.name, 11)+10)
	}
	t.height = 20 + row*float64(len(rows)) + 24
	bottom := t.height - 24
	t.bands(run, bottom)
	grid := ""
	for i, l := range rows {
		y := 20 + row*float64(i)
		t.text("t", 0, y+15, start, l.name)
		grid += "M" + num(t.left) + " " + num(y+row-1) + "H" + num(t.right)
	}
	t.path("grid", grid, "")
	mine := whyIndexes(why)
	for i, l := range rows {
		t.drawRow(l, 20+row*float64(i)+3, mine)
	}
	t.axis(bottom)
	return t.markup(class+" timeline", fmt.Sprintf("Timeline of %s by process. %s", plural(len(t.calls), "call"), t.note))
}

// bands draws the faults behind the calls, with their names above as far as
// there is room.
func (t *timeline) bands(run Run, bottom float64) {
	active := during(faultsOf(run.history(), run.end()), t.from, t.to)
	next := 0.0
	for i, f := range active {
		if i >= manyBands {
			break
		}
		a, b := t.x(f.From), t.x(f.To)
		t.rect("band", a, 2, max(b-a, 1.5), bottom-2, 0, tooltip(f))
		if x := max(a+4, next); x < t.right-60 {
			name := fit(f.Name, 11, min(t.right-x, 260))
			t.text("t", x, 14, start, name)
			next = x + textWidth(name, 11) + 14
		}
	}
}

// A processRow has the calls of one process, in order.
type processRow struct {
	process int
	name    string
	calls   []history.Call
}

// processRows groups the calls by process, in the order of the processes and of time.
func (t *timeline) processRows() []processRow {
	at := map[int]int{}
	var rows []processRow
	for _, c := range t.calls {
		i, ok := at[c.Invoke.Process]
		if !ok {
			i = len(rows)
			at[c.Invoke.Process] = i
			rows = append(rows, processRow{process: c.Invoke.Process, name: processName(c.Invoke)})
		}
		rows[i].calls = append(rows[i].calls, c)
	}
	sorting.Func(rows, func(a, b processRow) int { return cmp.Compare(a.process, b.process) })
	for _, l := range rows {
		sorting.Stable(l.calls, func(a, b history.Call) int { return cmp.Compare(a.Invoke.Time, b.Invoke.Time) })
	}
	return rows
}

// drawRow draws the calls of one process. Those of the counterexample are framed.
func (t *timeline) drawRow(l processRow, y float64, mine map[int]bool) {
	for i, c := range l.calls {
		a, b := t.x(c.Invoke.Time), t.x(c.Complete.Time)
		if i+1 < len(l.calls) && l.calls[i+1].Invoke.Time < c.Complete.Time {
			b = t.x(l.calls[i+1].Invoke.Time) // a process has one call at a time
		}
		b = max(b, a+2)
		text := label(c, t.key)
		class := "line-" + outcomeNames[outcome(c)]
		if mine[c.Invoke.Index] {
			class += " mine"
		}
		title := ""
		if t.width > 1000 { // where there is a mouse
			title = callTitle(c, text)
		}
		t.rect(class, a, y, b-a, 14, 2, title)
		if textWidth(text, 10) <= b-a-4 {
			t.text("s on-"+outcomeNames[outcome(c)], a+3, y+10.5, start, text)
		}
	}
}

func whyIndexes(why *checker.Counterexample) map[int]bool {
	m := map[int]bool{}
	for _, c := range why.Calls {
		m[c.Invoke.Index] = true
	}
	return m
}

// axis labels the time in the middle of the window and at its ends.
func (t *timeline) axis(bottom float64) {
	n := max(int((t.right-t.left)/110), 2)
	for i := range n + 1 {
		at := t.from + time.Duration(float64(t.to-t.from)*float64(i)/float64(n))
		s := stamp(at)
		if t.to-t.from < 10*time.Millisecond {
			s = fmt.Sprintf("%.6fs", at.Seconds())
		}
		if t.ordered {
			s = position(at)
		}
		w := textWidth(s, 11)
		t.text("t", min(t.x(at), t.width-w/2), bottom+16, middle, s)
	}
}
