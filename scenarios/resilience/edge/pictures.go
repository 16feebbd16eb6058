package edge

import (
	"slices"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/internal/rowpicture"
	"github.com/capsize-go/capsize/scenarios"
)

var overSeconds = chart.Axis{Label: "time", Unit: "s"}

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
	if p, ok := rowpicture.Rows("the most in any second", chart.Axis{Label: "requests"}, rows, rowpicture.Measure{Name: "admitted", Metric: "admitted_in_any_second"}, rowpicture.Measure{Name: "promised", Metric: "promised_in_any_second"}); ok {
		p.Levels = configured
		panels = append(panels, p)
	}
	return rowpicture.Joined("What limits of ten a second admit", panels...)
}

const (
	truthEvery = 20 * time.Millisecond
	truthShown = 12 * time.Second
)

// sliding returns the admissions of a run in a sliding second.
func sliding(r *capsize.Result) ([]int, error) {
	return resilience.MeasureAdmissions(r.History, time.Second, truthEvery)
}
