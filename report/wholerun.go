package report

import (
	"fmt"
	"html/template"
	"time"

	"github.com/capsize-go/capsize/checker"
)

// A runView is the data of the parts of the page that show the whole run: its chart, and the calls around the
// counterexample.
type runView struct {
	Chart        template.HTML
	ChartNote    string
	Outcomes     []outcomeView
	Faults       string
	Timeline     template.HTML
	TimelineNote string
	Ordered      bool
}

type outcomeView struct {
	Name, Count, Meaning, Mark string
}

// An interval is a stretch of time since the run began; the zero interval is none.
type interval struct{ From, To time.Duration }

// newRunView draws the whole run. Why is its counterexample, nil if there is none; the chart has a frame around what
// the top of the page shows.
func newRunView(run Run, why *checker.Counterexample, pictured interval) runView {
	v := runView{Outcomes: outcomeViews(run), Ordered: run.Ordered}
	if why != nil {
		v.Timeline, v.TimelineNote = timelinePictures(run, why)
	}
	if run.Ordered {
		v.ChartNote = "The history has an order and no times, so there is no chart of latencies."
	} else {
		v.Chart, v.ChartNote = chartPictures(run, pictured)
	}
	if n := len(during(faultsOf(run.history(), run.end()), 0, run.end())); n > 0 {
		v.Faults = plural(n, "fault")
	}
	return v
}

// outcomeViews is the legend: each outcome with its shape and its count.
func outcomeViews(run Run) []outcomeView {
	var t tally
	for c := range run.history().Calls() {
		t.add(c)
	}
	latency := ""
	if len(t.latency) > 0 && !run.Ordered {
		latency = fmt.Sprintf("p50 %s, p99 %s, longest %s", short(t.quantile(.5)), short(t.quantile(.99)), short(t.quantile(1)))
	}
	return []outcomeView{
		{outcomeNames[ok], count(t.n[ok]), latency, "●"},
		{outcomeNames[info], count(t.n[info]), "indeterminate: may have happened", "▲"},
		{outcomeNames[fail], count(t.n[fail]), "did not happen", "✕"},
	}
}
