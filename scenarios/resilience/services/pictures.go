package services

import (
	"slices"

	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/internal/rowpicture"
	"github.com/capsize-go/capsize/scenarios"
)

// drawRetryStorm shows the attempts a request, and how many clients come back at once.
func drawRetryStorm(rows []scenarios.Row) ([]byte, error) {
	var panels []chart.Panel
	if p, ok := rowpicture.Rows("the service is down", chart.Axis{Label: "attempts at the last service for each request"}, rowpicture.WithFault(rows, stormFault), rowpicture.Measure{Metric: "attempts_per_request"}); ok {
		p.Levels = []chart.Level{{At: stormMost, Name: "what one layer stands for"}}
		panels = append(panels, p)
	}
	if p, ok := rowpicture.Rows("it is back: 200 clients try again", chart.Axis{Label: "most attempts in 100 ms, over the mean"}, rowpicture.WithFault(rows, waveFault), rowpicture.Measure{Metric: "peak_over_mean"}); ok {
		panels = append(panels, p)
	}
	return rowpicture.Joined("Retries at two layers multiply", panels...)
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
	return rowpicture.Joined("A pause of ten seconds, and what outlives it", panels...)
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
