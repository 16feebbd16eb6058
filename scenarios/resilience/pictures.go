package resilience

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/scenarios"
)

//go:generate go run ../../cmd/capsize-scenarios scenario --all --svg ../../docs/series/img

// A measure is a metric as a picture shows it.
type measure struct {
	name   string // for the legend
	metric string
	per    float64 // what it counts in; 0 for 1
}

// inPercent is what shares are shown in, and inSeconds what times are.
const (
	inPercent = 0.01
	inSeconds = float64(time.Second)
)

// bars returns a panel with the metrics of the rows that have them all, with the names of the variants and, where they differ in that,
// of the faults; false if there are none.
func bars(title string, x chart.Axis, rows []scenarios.Row, measures ...measure) (p chart.Rows, ok bool) {
	p = chart.Rows{Title: title, X: x, Series: make([]chart.Series, len(measures))}
	faults := map[string]bool{}
	for _, r := range rows {
		faults[r.Fault] = true
	}
	for _, r := range rows {
		if slices.ContainsFunc(measures, func(m measure) bool { _, has := r.Metrics[m.metric]; return !has }) {
			continue
		}
		name := r.Variant
		if len(faults) > 1 && r.Fault != "" {
			name += ", " + r.Fault
		}
		p.Names = append(p.Names, name)
		for i, m := range measures {
			p.Series[i].Name = m.name
			p.Series[i].Values = append(p.Series[i].Values, r.Metrics[m.metric]/cmp.Or(m.per, 1))
		}
	}
	return p, len(p.Names) > 0
}

// pictured returns a picture of those panels that have something to show.
func pictured(title string, panels ...chart.Panel) ([]byte, error) {
	if len(panels) == 0 {
		return nil, errors.New("none of the rows has what the picture shows")
	}
	return chart.SVG(title, panels...)
}

// barPicture returns what draws one panel of bars.
func barPicture(title string, x chart.Axis, levels []chart.Level, measures ...measure) func(rows []scenarios.Row) ([]byte, error) {
	return func(rows []scenarios.Row) ([]byte, error) {
		var panels []chart.Panel
		if p, ok := bars("", x, rows, measures...); ok {
			p.Levels = levels
			panels = append(panels, p)
		}
		return pictured(title, panels...)
	}
}

// withFault returns the rows of a fault.
func withFault(rows []scenarios.Row, fault string) (some []scenarios.Row) {
	for _, r := range rows {
		if r.Fault == fault {
			some = append(some, r)
		}
	}
	return some
}

// drawRetryStorm shows the attempts a request, and how many clients come back at once.
func drawRetryStorm(rows []scenarios.Row) ([]byte, error) {
	var panels []chart.Panel
	if p, ok := bars("the service is down", chart.Axis{Label: "attempts at the last service for each request"}, withFault(rows, stormFault), measure{metric: "attempts_per_request"}); ok {
		p.Levels = []chart.Level{{At: stormMost, Name: "what one layer stands for"}}
		panels = append(panels, p)
	}
	if p, ok := bars("it is back: 200 clients try again", chart.Axis{Label: "most attempts in 100 ms, over the mean"}, withFault(rows, waveFault), measure{metric: "peak_over_mean"}); ok {
		panels = append(panels, p)
	}
	return pictured("Retries at two layers multiply", panels...)
}

// Axes of pictures over time.
var (
	overSeconds   = chart.Axis{Label: "time", Unit: "s"}
	requestsASec  = chart.Axis{Label: "requests", Unit: "1/s"}
	shownOverTime = []string{"three-tries", "drop-expired", "budget", "drop-late"}
)

// drawMetastable shows goodput and attempts over time, of the first seed, and the loop over the load.
func drawMetastable(rows []scenarios.Row) ([]byte, error) {
	goodput := chart.Lines{Title: "goodput", X: overSeconds, Y: requestsASec}
	attempts := chart.Lines{Title: "attempts", X: overSeconds, Y: requestsASec, Levels: []chart.Level{{At: metaWorkers / metaTime.Seconds(), Name: "capacity"}}}
	loop := chart.Lines{Title: "load that goes up and down", X: chart.Axis{Label: "offered load", Unit: "1/s"}, Y: chart.Axis{Label: "goodput", Unit: "1/s"}}
	pause := []chart.Band{{From: paused.From.Seconds(), To: paused.To.Seconds(), Name: "the service pauses"}}
	goodput.Bands, attempts.Bands = pause, pause
	for _, r := range rows {
		switch m := r.Meter.(type) {
		case *hysteresisMeter:
			if m.seeds > 0 && slices.Contains(shownOverTime, r.Variant) {
				goodput.Lines = append(goodput.Lines, chart.Line{Name: r.Variant, Points: chart.Points(0.5, 1, whole(m.first.OK))})
				attempts.Lines = append(attempts.Lines, chart.Line{Name: r.Variant, Points: chart.Points(0.5, 1, whole(m.first.Attempts))})
			}
		case *loopMeter:
			if r.Variant == "three-tries" || r.Variant == "budget" {
				loop.Lines = append(loop.Lines, m.ways(r.Variant)...)
			}
		}
	}
	var panels []chart.Panel
	if len(goodput.Lines) > 0 {
		panels = append(panels, goodput, attempts)
	}
	if len(loop.Lines) > 0 {
		panels = append(panels, loop)
	}
	return pictured("A pause of ten seconds, and what outlives it", panels...)
}

// whole returns buckets without the last one, in which the history ends.
func whole(buckets []int) []int { return buckets[:max(len(buckets)-1, 0)] }

// ways returns the goodput at each load on the way up and on the way down.
func (m *loopMeter) ways(name string) []chart.Line {
	up, down := chart.Line{Name: name + ", on the way up"}, chart.Line{Name: name + ", on the way down"}
	for i, x := range m.sum {
		at := chart.Point{X: float64(loopLoad(i)), Y: x / float64(max(m.seeds, 1))}
		if i <= loopSteps/2 {
			up.Points = append(up.Points, at)
		}
		if i >= loopSteps/2 {
			down.Points = append(down.Points, at)
		}
	}
	slices.Reverse(down.Points)
	return []chart.Line{up, down}
}

// truthsOverTime are the limiters whose admissions are shown over time.
var truthsOverTime = []string{"fixed-window", "token-bucket", "sliding-log"}

// drawRateLimitTruth shows the admissions in a sliding second of the first seed, and the most in any second.
func drawRateLimitTruth(rows []scenarios.Row) ([]byte, error) {
	configured := []chart.Level{{At: float64(tenPerSecond.Units), Name: "configured"}}
	over := chart.Lines{Title: "admitted in the second before", X: overSeconds, Y: chart.Axis{Label: "requests"}, Levels: configured}
	for _, r := range rows {
		if m, ok := r.Meter.(*admissions); ok && len(m.sliding) > 0 && slices.Contains(truthsOverTime, r.Variant) {
			shown := m.sliding[:min(len(m.sliding), int(truthShown/truthEvery))]
			over.Lines = append(over.Lines, chart.Line{Name: r.Variant, Step: true, Points: chart.Points(0, truthEvery.Seconds(), shown)})
		}
	}
	var panels []chart.Panel
	if len(over.Lines) > 0 {
		panels = append(panels, over)
	}
	if p, ok := bars("the most in any second", chart.Axis{Label: "requests"}, rows, measure{name: "admitted", metric: "admitted_in_any_second"}, measure{name: "promised", metric: "promised_in_any_second"}); ok {
		p.Levels = configured
		panels = append(panels, p)
	}
	return pictured("What limits of ten a second admit", panels...)
}

const (
	truthEvery = 20 * time.Millisecond
	truthShown = 12 * time.Second
)

// sliding returns the admissions of a run in a sliding second.
func sliding(r *capsize.Result) ([]int, error) {
	return resilience.MeasureAdmissions(r.History, time.Second, truthEvery)
}
