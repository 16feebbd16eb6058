package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
)

const (
	maxAround      = 300 // calls around the counterexample
	maxAroundMine  = 40  // calls of the counterexample
	maxAroundLanes = 24  // rows
	manyBands      = 80  // faults from which on bands are merged

	// Pixels of the picture on a desk and on a telephone, for which it is decided which text has room.
	aroundWide, aroundSlim = 1180.0, 320.0
	aroundText             = 11.0 // pixels
)

// An aroundView shows the calls around a counterexample: those of the counterexample in front, each with its label, and
// below them the others by process, all on the cut scale of the counterexample. Positions are percentages, so that one
// picture fits every width.
type aroundView struct {
	Note  string
	Lanes []laneView
	Bands []aroundBand
	Cuts  []aroundBand
	Ticks []aroundTick
	calls []history.Call // drawn, without those of the counterexample
	mine  []shown
}

// A laneView is a row: one call of the counterexample, or the other calls of a process.
type laneView struct {
	Name, Label string
	Kind        string // of the label
	Left, Right string // where the label begins, or ends
	Bars        []barView
}

// A barView is a call. Its number is that of its line in history.jsonl.
type barView struct {
	ID, Href, X, W, Kind, Title string
	Number, NumberKind          string
}

type aroundBand struct{ X, W, Text, Title string }

type aroundTick struct{ X, Kind, Text string }

// newAround picks and places the calls.
func newAround(run Run, why *checker.Counterexample, faults []activeFault) *aroundView {
	v := &aroundView{}
	v.mine, _ = pick(why, maxAroundMine)
	s := marginScale(run, callsOf(v.mine))
	left := v.choose(run, why, s)
	v.note(run, s, left)
	for _, f := range during(faults, s.times[0], s.times[len(s.times)-1]) {
		if len(v.Bands) == manyBands {
			break
		}
		a, b := percent(s.pos(f.From)), percent(s.pos(f.To))
		v.Bands = append(v.Bands, aroundBand{num2(a), num2(max(b-a, .3)), f.Name, faultTitle(run, f)})
	}
	for _, i := range s.cuts {
		a, b := percent(s.at[i]), percent(s.at[i+1])
		text := "⋯"
		if length := "⋯ " + short(s.times[i+1]-s.times[i]); !run.Ordered && textWidth(length, aroundText) <= (b-a)*aroundWide/100 {
			text = length
		}
		v.Cuts = append(v.Cuts, aroundBand{num2(a), num2(b - a), text, cutTitle(run, s.times[i], s.times[i+1])})
	}
	v.drawMine(run, s)
	v.drawOthers(run, s, why.Key)
	v.Ticks = aroundTicks(run, s)
	return v
}

// marginScale is the axis of the calls of the counterexample with a margin of time before and after them.
func marginScale(run Run, calls []history.Call) scale {
	inner := newScale(calls, 0)
	shown := inner.times[len(inner.times)-1] - inner.times[0]
	for _, i := range inner.cuts {
		shown -= inner.times[i+1] - inner.times[i]
	}
	margin := max(shown/8, time.Millisecond)
	if run.Ordered {
		margin = max(shown/8, 2)
	}
	first, last := inner.times[0], inner.times[len(inner.times)-1]
	edge := func(from, to time.Duration) history.Call {
		return history.Call{Invoke: history.Op{Time: from}, Complete: history.Op{Time: to, Type: history.OK}}
	}
	with := append(slices.Clone(calls), edge(last, last+margin))
	if before := max(first-margin, 0); before < first {
		with = append(with, edge(before, first))
	}
	return newScale(with, 0.035)
}

// choose picks the other calls to draw: those that were pending while something is shown, on the key of the counterexample
// if they are many, and then those nearest to its end. It returns how many it leaves out.
func (v *aroundView) choose(run Run, why *checker.Counterexample, s scale) (left int) {
	mine := map[int]bool{}
	for _, c := range why.Calls {
		mine[c.Invoke.Index] = true
	}
	var all []history.Call
	for c := range run.history().Calls() {
		if !mine[c.Invoke.Index] && s.shows(c) {
			all = append(all, c)
		}
	}
	n := len(all)
	if n > maxAround && why.Key != "" {
		all = slices.DeleteFunc(all, func(c history.Call) bool { return c.Invoke.Key != why.Key })
	}
	at := foundAt(why)
	sorting.Stable(all, func(a, b history.Call) int { return cmp.Compare(distance(a, at), distance(b, at)) })
	lanes := map[int]bool{}
	for _, c := range all {
		if len(v.calls) < maxAround && (lanes[c.Invoke.Process] || len(lanes) < maxAroundLanes) {
			lanes[c.Invoke.Process] = true
			v.calls = append(v.calls, c)
		}
	}
	return n - len(v.calls)
}

// shows reports whether a call was pending in an interval that is not cut. One that never returned counts where it began.
func (s scale) shows(c history.Call) bool {
	last := len(s.times) - 1
	if c.Invoke.Time > s.times[last] || c.Complete.Time < s.times[0] || indeterminate(c) && c.Invoke.Time < s.times[0] {
		return false
	}
	for i := range last {
		if !slices.Contains(s.cuts, i) && c.Invoke.Time <= s.times[i+1] && c.Complete.Time >= s.times[i] {
			return true
		}
	}
	return false
}

func (v *aroundView) note(run Run, s scale, left int) {
	from, to := s.times[0], s.times[len(s.times)-1]
	a, b := stamp(from), stamp(to)
	switch {
	case run.Ordered:
		a, b = position(from), position(to)
	case to-from < 10*time.Millisecond:
		a, b = exact(from), exact(to)
	}
	v.Note = fmt.Sprintf("From %s to %s: %s of the counterexample, and %s that %s pending", a, b,
		plural(len(v.mine), "call"), plural(len(v.calls), "other call"), wasOrWere(len(v.calls)))
	if left > 0 {
		v.Note += fmt.Sprintf("; %s left out", plural(left, "further call"))
	}
	v.Note += ". The number of a bar is its line in history.jsonl."
}

func cutTitle(run Run, from, to time.Duration) string {
	return fmt.Sprintf("left out, from %s to %s: no call of the counterexample was pending", precise(run, from), precise(run, to))
}

func wasOrWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
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

// percent returns where a part of the scale is in the picture.
func percent(part float64) float64 { return 1 + 98*part }

// extent returns where a call begins and ends in the picture. One that may happen at any time has no end.
func (s scale) extent(c history.Call) (a, b float64) {
	a, b = percent(s.pos(c.Invoke.Time)), 100
	if !indeterminate(c) {
		b = percent(s.pos(c.Complete.Time))
	}
	return a, max(b, a+.3)
}

// drawMine draws each call of the counterexample in a row of its own, with its label.
func (v *aroundView) drawMine(run Run, s scale) {
	for _, c := range v.mine {
		a, b := s.extent(c.Call)
		kind, sign := outcomeNames[outcome(c.Call)]+" mine", ""
		labelKind := ""
		switch {
		case c.Blamed:
			kind, sign, labelKind = kind+" blamed", "✗ ", "blamed"
		case indeterminate(c.Call):
			sign = "? "
		case c.Conflicts:
			sign = "! "
		case c.Context:
			kind += " context"
		}
		l := laneView{Name: processName(c.Invoke), Label: sign + c.Label, Kind: labelKind, Bars: []barView{barOf(run, c.Call, c.Label, kind, a, b, 100)}}
		if l.Left = num2(a); a > 50 {
			l.Left, l.Right = "", num2(100-b)
		}
		v.Lanes = append(v.Lanes, l)
	}
}

// drawOthers draws the other calls, a row for each process.
func (v *aroundView) drawOthers(run Run, s scale, key string) {
	sorting.Stable(v.calls, func(a, b history.Call) int {
		return cmp.Or(cmp.Compare(a.Invoke.Process, b.Invoke.Process), cmp.Compare(a.Invoke.Time, b.Invoke.Time))
	})
	for i, c := range v.calls {
		if i == 0 || c.Invoke.Process != v.calls[i-1].Invoke.Process {
			v.Lanes = append(v.Lanes, laneView{Name: processName(c.Invoke)})
		}
		a, b := s.extent(c)
		next := 100.0
		if i+1 < len(v.calls) && v.calls[i+1].Invoke.Process == c.Invoke.Process {
			next, _ = s.extent(v.calls[i+1])
			b = max(min(b, next), a+.3) // a process has one call at a time
		}
		l := &v.Lanes[len(v.Lanes)-1]
		l.Bars = append(l.Bars, barOf(run, c, label(c, key), outcomeNames[outcome(c)], a, b, next))
	}
}

// barOf draws a call from a to b, and its number in the bar or between it and the next, where it has room.
func barOf(run Run, c history.Call, text, kind string, a, b, next float64) barView {
	line := lineOf(c.Invoke)
	v := barView{ID: fmt.Sprint("call-", line), Href: fmt.Sprint("#line-", line), X: num2(a), W: num2(b - a), Kind: kind,
		Title: callLine(run, c, text), Number: fmt.Sprint(line)}
	w := textWidth(v.Number, aroundText) + 4
	room := func(px float64) string {
		switch {
		case (b-a)*px/100 >= w:
			return "in"
		case (next-b)*px/100 >= w:
			return "after"
		}
		return "out"
	}
	v.NumberKind = "wide-" + room(aroundWide) + " slim-" + room(aroundSlim)
	return v
}

// callLine describes a call for a tooltip, with its lines in history.jsonl.
func callLine(run Run, c history.Call, text string) string {
	s := fmt.Sprintf("line %d, %s: %s, invoked at %s", lineOf(c.Invoke), processName(c.Invoke), text, precise(run, c.Invoke.Time))
	switch {
	case c.Open():
		s += ", never returned"
	case indeterminate(c):
		s += ", given up at " + precise(run, c.Complete.Time)
	default:
		s += ", returned at " + precise(run, c.Complete.Time)
	}
	if c.Complete.Err != "" {
		s += ": " + clean(c.Complete.Err, 200)
	}
	return s
}

// precise formats an instant to the microsecond, or as the number of an op.
func precise(run Run, t time.Duration) string {
	if run.Ordered {
		return position(t)
	}
	return exact(t)
}

// aroundTicks labels the instants that have room: the first and those after a cut by their time, then the last, then
// the others, by their distance from these.
func aroundTicks(run Run, s scale) []aroundTick {
	all := make([]aroundTick, len(s.times))
	first := 0
	var order []int
	for i, t := range s.times {
		text := "+" + short(t-s.times[first])
		if i == 0 || slices.Contains(s.cuts, i-1) {
			first, order, text = i, append(order, i), stamp(t)
		}
		if run.Ordered {
			text = position(t)
		}
		all[i] = aroundTick{X: num2(percent(s.at[i])), Text: text}
		switch i {
		case 0:
			all[i].Kind = " b" // it begins there
		case len(s.times) - 1:
			all[i].Kind = " e" // it ends there
		}
	}
	order = append(order, len(s.times)-1)
	for i := range s.times {
		order = append(order, i)
	}
	for _, i := range spaced(all, s, order, aroundWide) {
		all[i].Kind += " w"
	}
	for _, i := range spaced(all, s, order, aroundSlim) {
		all[i].Kind += " s"
	}
	return all
}

// spaced returns the labels that have room in a picture of that width in pixels, if they are placed in this order.
func spaced(all []aroundTick, s scale, order []int, px float64) (some []int) {
	var taken [][2]float64
	for _, i := range order {
		half := textWidth(all[i].Text, aroundText)/2 + 4
		at := percent(s.at[i]) * px / 100
		mine := [2]float64{at - half, at + half}
		switch i {
		case 0:
			mine = [2]float64{at, at + 2*half}
		case len(s.times) - 1:
			mine = [2]float64{at - 2*half, at}
		}
		if slices.ContainsFunc(taken, func(o [2]float64) bool { return mine[0] < o[1] && mine[1] > o[0] }) {
			continue
		}
		taken, some = append(taken, mine), append(some, i)
	}
	return some
}
