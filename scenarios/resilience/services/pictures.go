package services

import (
	"slices"

	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/internal/rowpicture"
	"github.com/capsize-go/capsize/scenarios"
)

// drawRetryStorm shows the attempts a request, and how many clients come back at once.
func drawRetryStorm(rows []scenarios.Row) ([]byte, error) {
	return rowpicture.Joined("Retries at two layers multiply",
		rowpicture.Panel("the service is down", chart.Axis{Label: "attempts at the last service for each request"}, rowpicture.WithFault(rows, stormFault),
			[]chart.Level{{At: stormMost, Name: "what one layer stands for"}}, rowpicture.Measure{Metric: "attempts_per_request"}),
		rowpicture.Panel("it is back: 200 clients try again", chart.Axis{Label: "most attempts in 100 ms, over the mean"}, rowpicture.WithFault(rows, waveFault), nil,
			rowpicture.Measure{Metric: "peak_over_mean"}))
}

// Of the variants of metastable, some are shown over time, and some by load: more are one line.
var (
	shownOverTime = []string{"three-tries", "drop-expired", "budget", "drop-late"}
	shownByLoad   = []string{"three-tries", "budget"}
)

// drawMetastable shows goodput and attempts over time, of the first seed, and the loop over the load.
func drawMetastable(rows []scenarios.Row) ([]byte, error) {
	return rowpicture.Joined("A pause of ten seconds, and what outlives it",
		overTime("goodput", rowpicture.WithFault(rows, pauseFault), nil),
		overTime("attempts", rowpicture.WithFault(rows, pauseFault), []chart.Level{{At: metaWorkers / metaTime.Seconds(), Name: "capacity"}}),
		byLoad(rowpicture.WithFault(rows, loopFault)))
}

// overTime returns a panel with a series of one value a second.
func overTime(series string, rows []scenarios.Row, levels []chart.Level) []chart.Panel {
	p := chart.Lines{
		Title: series, X: chart.Axis{Label: "time", Unit: "s"}, Y: chart.Axis{Label: "requests", Unit: "1/s"}, Levels: levels,
		Bands: []chart.Band{{From: paused.From.Seconds(), To: paused.To.Seconds(), Name: "the service pauses"}},
	}
	for _, r := range rows {
		if values := r.Series[series]; len(values) > 0 && slices.Contains(shownOverTime, r.Variant) {
			p.Lines = append(p.Lines, chart.Line{Name: r.Variant, Points: chart.Points(0.5, 1, values)})
		}
	}
	if len(p.Lines) == 0 {
		return nil
	}
	return []chart.Panel{p}
}

// byLoad returns a panel with the goodput at each load, on the way up and on the way down.
func byLoad(rows []scenarios.Row) []chart.Panel {
	p := chart.Lines{Title: "load that goes up and down", X: chart.Axis{Label: "offered load", Unit: "1/s"}, Y: chart.Axis{Label: "goodput", Unit: "1/s"}}
	for _, r := range rows {
		if !slices.Contains(shownByLoad, r.Variant) {
			continue
		}
		up, down := chart.Line{Name: r.Variant + ", on the way up"}, chart.Line{Name: r.Variant + ", on the way down"}
		for load := loopBy; load <= loopMost; load += loopBy {
			x, ok := r.Metrics[loopMetric("up", load)]
			if !ok {
				continue
			}
			up.Points = append(up.Points, chart.Point{X: float64(load), Y: x})
			if y, ok := r.Metrics[loopMetric("down", load)]; ok {
				x = y
			}
			down.Points = append(down.Points, chart.Point{X: float64(load), Y: x}) // the greatest load is where they meet
		}
		if len(up.Points) > 0 {
			p.Lines = append(p.Lines, up, down)
		}
	}
	if len(p.Lines) == 0 {
		return nil
	}
	return []chart.Panel{p}
}

// drawHedging shows what a second request brings where a few are slow, and what it costs where all are.
func drawHedging(rows []scenarios.Row) ([]byte, error) {
	return rowpicture.Joined("A second request for an answer that is late",
		rowpicture.Panel("one request in 20 is slow", chart.Axis{Label: "97 % of the answers take at most", Unit: "s"}, rowpicture.WithFault(rows, tailFault), nil,
			rowpicture.Measure{Metric: "p97_ns", Per: rowpicture.Seconds}),
		rowpicture.Panel("all are slow", chart.Axis{Label: "answered in time", Unit: "%"}, rowpicture.WithFault(rows, slowFault), nil,
			rowpicture.Measure{Metric: "availability", Per: rowpicture.Percent}))
}
