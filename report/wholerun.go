package report

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report/internal/wholerun"
)

// A runView is the data of the parts of the page that show the whole run: its chart, the calls around the
// counterexample, and the lines of the history that are on the page.
type runView struct {
	wholerun.View
	Calls     int // of the run
	Outcomes  []outcomeView
	Faults    string
	Around    *aroundView // nil without a counterexample
	Lines     []lineView
	LinesNote string
}

type outcomeView struct {
	Name, Count, Meaning, Mark string
}

// An interval is a stretch of time since the run began; the zero interval is none.
type interval struct{ From, To time.Duration }

// newRunView draws the whole run. Why is its counterexample, nil if there is none; the chart has a frame around what
// the top of the page shows.
func newRunView(run Run, why *checker.Counterexample, pictured interval) runView {
	faults := during(faultsOf(run.history(), run.end()), 0, run.end())
	var v runView
	if why != nil {
		v.Around = newAround(run, why, faults)
		v.Lines, v.LinesNote = linesOf(run, why, v.Around)
	}
	data := chartOf(run, faults)
	data.Shown = [2]time.Duration{pictured.From, pictured.To}
	data.Linked = map[int32]bool{}
	if why != nil {
		for _, l := range v.Lines {
			data.Linked[int32(l.Line)] = l.Mine
		}
	}
	v.Calls = len(data.Calls)
	v.Outcomes = outcomeViews(data)
	if v.Calls > 0 {
		v.View = wholerun.New(data)
	}
	if n := len(faults); n > 0 {
		v.Faults = plural(n, "fault")
	}
	return v
}

// chartOf converts a run to what its chart shows.
func chartOf(run Run, faults []activeFault) wholerun.Run {
	r := wholerun.Run{To: run.end(), Ordered: run.Ordered}
	n := 0
	for range run.history().Calls() {
		n++
	}
	r.Calls = make([]wholerun.Call, 0, n)
	for c := range run.history().Calls() {
		r.Calls = append(r.Calls, wholerun.Call{At: c.Invoke.Time, Took: took(c), Process: c.Invoke.Process,
			Line: int32(lineOf(c.Invoke)), Outcome: wholerun.Outcome(outcome(c))})
	}
	if n > 0 && !run.Ordered {
		// A history may count from an epoch: then the axis begins at the first op.
		if first := run.history().At(0).Time; first > 2*(r.To-first) && first > time.Minute {
			r.From = first
		}
	}
	for _, f := range faults {
		r.Faults = append(r.Faults, wholerun.Fault{From: f.From, To: f.To, Name: f.Name, Title: faultTitle(run, f)})
	}
	for _, p := range run.Phases {
		r.Phases = append(r.Phases, wholerun.Phase{Name: clean(p.Name, 40), At: p.At})
	}
	return r
}

// faultTitle describes a fault for a tooltip.
func faultTitle(run Run, f activeFault) string {
	return fmt.Sprintf("%s: %s, from %s to %s", f.Step, f.Name, run.at(f.From), run.at(f.To))
}

// lineOf returns the line of an op in history.jsonl, from 1.
func lineOf(o history.Op) int { return o.Index + 1 }

// outcomeViews is the legend: each outcome with its shape and its count.
func outcomeViews(run wholerun.Run) []outcomeView {
	var t tally
	for _, c := range run.Calls {
		t.n[c.Outcome]++
		if c.Outcome == wholerun.OK {
			t.latency = append(t.latency, c.Took)
		}
	}
	latency := ""
	if len(t.latency) > 0 && !run.Ordered {
		latency = fmt.Sprintf("p50 %s, p99 %s, longest %s", short(t.quantile(.5)), short(t.quantile(.99)), short(t.quantile(1)))
	}
	return []outcomeView{
		{outcomeNames[ok], count(t.n[ok]), latency, "●"},
		{outcomeNames[info], count(t.n[info]), "unknown: may have happened", "▲"},
		{outcomeNames[fail], count(t.n[fail]), "did not happen", "✕"},
	}
}
