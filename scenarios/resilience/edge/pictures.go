package edge

import (
	"slices"
	"time"

	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/internal/rowpicture"
	"github.com/capsize-go/capsize/scenarios"
)

// truthsOverTime are the limiters whose admissions are shown over time.
var truthsOverTime = []string{"fixed-window", "token-bucket", "sliding-log"}

// inLastSecond is the series of the admissions in a sliding second, of the first seed: a value each slidingStep.
const (
	inLastSecond = "admitted_in_last_second"
	slidingStep  = 50 * time.Millisecond
	slidingShown = 12 * time.Second
)

// drawRateLimitTruth shows the admissions in a sliding second of the first seed, and the most in any second.
func drawRateLimitTruth(rows []scenarios.Row) ([]byte, error) {
	configured := []chart.Level{{At: float64(tenPerSecond.Units), Name: "configured"}}
	over := chart.Lines{Title: "admitted in the second before", X: chart.Axis{Label: "time", Unit: "s"}, Y: chart.Axis{Label: "requests"}, Levels: configured}
	for _, r := range rows {
		if values := r.Series[inLastSecond]; len(values) > 0 {
			over.Lines = append(over.Lines, chart.Line{Name: r.Variant, Step: true, Points: chart.Points(0, slidingStep.Seconds(), values)})
		}
	}
	var panels []chart.Panel
	if len(over.Lines) > 0 {
		panels = append(panels, over)
	}
	return rowpicture.Joined("What limits of ten a second admit", panels, rowpicture.Panel("the most in any second", chart.Axis{Label: "requests"}, rows, configured,
		rowpicture.Measure{Name: "admitted", Metric: "admitted_in_any_second"}, rowpicture.Measure{Name: "promised", Metric: "promised_in_any_second"}))
}

// isShownOverTime reports whether the rows of a variant have that series.
func isShownOverTime(v scenarios.Variant) bool { return slices.Contains(truthsOverTime, v.Name) }
