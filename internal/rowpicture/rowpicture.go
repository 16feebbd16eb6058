// Package rowpicture draws the rows of a scenario: bars for each variant, one a metric.
package rowpicture

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/scenarios"
)

// A Measure is a metric as a picture shows it.
type Measure struct {
	Name   string // for the legend
	Metric string
	Per    float64 // what it counts in; 0 for 1
}

// Percent is what shares are shown in, and Seconds what times are.
const (
	Percent = 0.01
	Seconds = float64(time.Second)
)

// Rows returns a panel with the metrics of the rows that have them all, with the names of the variants and, where they differ in that,
// of the faults; false if there are none.
func Rows(title string, x chart.Axis, rows []scenarios.Row, measures ...Measure) (p chart.Rows, ok bool) {
	p = chart.Rows{Title: title, X: x, Series: make([]chart.Series, len(measures))}
	faults := map[string]bool{}
	for _, r := range rows {
		faults[r.Fault] = true
	}
	for _, r := range rows {
		if slices.ContainsFunc(measures, func(m Measure) bool { _, has := r.Metrics[m.Metric]; return !has }) {
			continue
		}
		name := r.Variant
		if len(faults) > 1 && r.Fault != "" {
			name += ", " + r.Fault
		}
		p.Names = append(p.Names, name)
		for i, m := range measures {
			p.Series[i].Name = m.Name
			p.Series[i].Values = append(p.Series[i].Values, r.Metrics[m.Metric]/cmp.Or(m.Per, 1))
		}
	}
	return p, len(p.Names) > 0
}

// Joined returns a picture of those panels that have something to show.
func Joined(title string, panels ...chart.Panel) ([]byte, error) {
	if len(panels) == 0 {
		return nil, errors.New("none of the rows has what the picture shows")
	}
	return chart.SVG(title, panels...)
}

// Bars returns what draws one panel of bars.
func Bars(title string, x chart.Axis, levels []chart.Level, measures ...Measure) func(rows []scenarios.Row) ([]byte, error) {
	return func(rows []scenarios.Row) ([]byte, error) {
		var panels []chart.Panel
		if p, ok := Rows("", x, rows, measures...); ok {
			p.Levels = levels
			panels = append(panels, p)
		}
		return Joined(title, panels...)
	}
}

// WithFault returns the rows of a fault.
func WithFault(rows []scenarios.Row, fault string) (some []scenarios.Row) {
	for _, r := range rows {
		if r.Fault == fault {
			some = append(some, r)
		}
	}
	return some
}
