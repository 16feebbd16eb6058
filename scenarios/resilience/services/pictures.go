package services

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/internal/rowpicture"
	"github.com/capsize-go/capsize/scenarios"
)

// shownByDepth are the variants of retry-storm whose attempts are shown at each depth: others have the same numbers as one of them.
var shownByDepth = []string{"naive", "one-layer", "failsafe-budget-10", "failsafe-budget-20", "count-budget", "breaker-failsafe"}

// drawRetryStorm shows the attempts at each depth for 1000 requests, and how clients come back to a service that is up again.
func drawRetryStorm(rows []scenarios.Row) ([]byte, error) {
	return rowpicture.Joined("Retries at two layers multiply, and come back in waves", byDepth(rowpicture.WithFault(rows, stormFault)), waves(rowpicture.WithFault(rows, waveFault)))
}

// byDepth returns a panel with the attempts at each of the three depths.
func byDepth(rows []scenarios.Row) []chart.Panel {
	p := chart.Bars{Title: "attempts for 1000 requests, while C is down", Y: chart.Axis{Label: "attempts"}, Series: []chart.Series{{Name: "at A"}, {Name: "at B"}, {Name: "at C"}}}
	for _, r := range rows {
		if _, ok := r.Metrics["attempts_depth_3"]; !ok || !slices.Contains(shownByDepth, r.Variant) {
			continue
		}
		p.Groups = append(p.Groups, r.Variant)
		for i := range p.Series {
			p.Series[i].Values = append(p.Series[i].Values, r.Metrics[fmt.Sprintf("attempts_depth_%d", i+1)])
		}
	}
	if len(p.Groups) == 0 {
		return nil
	}
	return []chart.Panel{p}
}

// waves returns a panel with the attempts over time, by jitter.
func waves(rows []scenarios.Row) []chart.Panel {
	p := chart.Lines{Title: "200 clients come back to a service that is up again", X: chart.Axis{Label: "time", Unit: "s"}, Y: chart.Axis{Label: "attempts in 100 ms"}}
	for _, r := range rows {
		if values := r.Series[attemptsSeries]; len(values) > 0 {
			p.Lines = append(p.Lines, chart.Line{Name: r.Variant, Points: chart.Points(waveWindow.Seconds()/2, waveWindow.Seconds(), values)})
		}
	}
	if len(p.Lines) == 0 {
		return nil
	}
	return []chart.Panel{p}
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
