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

// Panel returns a panel with the metrics of those rows that have them all, with the names of the variants and, where rows differ in that,
// of the faults. It is nil if no row has them.
func Panel(title string, x chart.Axis, rows []scenarios.Row, levels []chart.Level, measures ...Measure) []chart.Panel {
	p := chart.Rows{Title: title, X: x, Series: make([]chart.Series, len(measures)), Levels: levels}
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
	if len(p.Names) == 0 {
		return nil
	}
	return []chart.Panel{p}
}

// Joined returns a picture of panels; none is an error.
func Joined(title string, panels ...[]chart.Panel) ([]byte, error) {
	all := slices.Concat(panels...)
	if len(all) == 0 {
		return nil, errors.New("none of the rows has what the picture shows")
	}
	return chart.SVG(title, all...)
}

// Bars returns what draws one panel of bars.
func Bars(title string, x chart.Axis, levels []chart.Level, measures ...Measure) func(rows []scenarios.Row) ([]byte, error) {
	return func(rows []scenarios.Row) ([]byte, error) {
		return Joined(title, Panel("", x, rows, levels, measures...))
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
