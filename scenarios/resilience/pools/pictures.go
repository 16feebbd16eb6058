package pools

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/scenarios"
)

// errNoRows is the error of a picture of no rows.
var errNoRows = errors.New("there are no rows to draw")

// percent is the axis of a share.
var percent = chart.Axis{Label: "share", Unit: "%", Max: 100}

// rounded returns a number to one decimal, as a picture shows it.
func rounded(x float64) float64 { return math.Round(10*x) / 10 }

// freezePicture shows which share of the requests of either route was answered.
func freezePicture(rows []scenarios.Row) ([]byte, error) {
	var groups []string
	var all, hello []float64
	for _, r := range rows {
		x, ok := r.Metrics["availability"]
		y, also := r.Metrics["unrelated_availability"]
		if ok && also {
			groups, all, hello = append(groups, r.Variant+", "+r.Fault), append(all, rounded(100*x)), append(hello, rounded(100*y))
		}
	}
	if len(groups) == 0 {
		return nil, errNoRows
	}
	return chart.SVG("Who is answered when the pool has run out", chart.Bars{Y: percent, Groups: groups, Series: []chart.Series{
		{Name: "all requests", Values: all}, {Name: "those that need no database", Values: hello},
	}})
}

// nestedPicture shows in which share of the seeds a pool froze: at T(C-1) connections, and at one more.
func nestedPicture(rows []scenarios.Row) ([]byte, error) {
	var groups []string
	var at, more []float64
	for t := nestedLeast; t <= nestedMost; t++ {
		for c := nestedLeast; c <= nestedMost; c++ {
			of := func(size int) (share float64, ok bool) {
				i := slices.IndexFunc(rows, func(r scenarios.Row) bool { return r.Variant == fmt.Sprintf("t%d-c%d-size%d", t, c, size) })
				if i < 0 {
					return 0, false
				}
				return 100 * rows[i].Metrics["freezes"] / float64(rows[i].Seeds), true
			}
			x, ok := of(boundary(t, c))
			y, also := of(boundary(t, c) + 1)
			if ok && also {
				groups, at, more = append(groups, fmt.Sprintf("%d×%d", t, c)), append(at, x), append(more, y)
			}
		}
	}
	if len(groups) == 0 {
		return nil, errNoRows
	}
	return chart.SVG("Runs that freeze: T workers of C connections each", chart.Bars{Y: percent, Groups: groups, Series: []chart.Series{
		{Name: "T(C−1) connections", Values: at}, {Name: "T(C−1)+1", Values: more},
	}})
}

// grayPicture shows how many requests had no outcome in time, by policy and fault, and how long the failure was not noticed.
func grayPicture(rows []scenarios.Row) ([]byte, error) {
	waits := chart.Bars{Title: "Requests without an outcome by their deadline", Y: chart.Axis{Label: "share", Unit: "%"}}
	for _, fault := range grayFaults[:3] {
		waits.Series = append(waits.Series, chart.Series{Name: fault})
	}
	for _, policy := range policies(rows) {
		waits.Groups = append(waits.Groups, strings.ReplaceAll(policy, "-", " "))
		for i, fault := range grayFaults[:3] {
			waits.Series[i].Values = append(waits.Series[i].Values, rounded(100*withoutOutcome(rows, policy, fault)))
		}
	}
	gaps := chart.Bars{Title: "Time until the failure was seen", Y: chart.Axis{Label: "detection gap", Unit: "s"}, Series: []chart.Series{{Name: grayFaults[0]}}}
	for _, r := range rows {
		if isHealth(r.Variant) && r.Fault == grayFaults[0] {
			gaps.Groups = append(gaps.Groups, r.Variant)
			gaps.Series[0].Values = append(gaps.Series[0].Values, rounded(r.Metrics["detection_gap_ns"]/1e9))
		}
	}
	var panels []chart.Panel
	if len(waits.Groups) > 0 {
		panels = append(panels, waits)
	}
	if len(gaps.Groups) > 0 {
		panels = append(panels, gaps)
	}
	if len(panels) == 0 {
		return nil, errNoRows
	}
	return chart.SVG("A backend that is up and does not answer", panels...)
}

// isHealth reports whether a variant is about health checks.
func isHealth(variant string) bool {
	return len(variant) > len("health-") && variant[:len("health-")] == "health-"
}

// policies lists the policies that were run under one of the first three faults, in the order of the rows.
func policies(rows []scenarios.Row) (names []string) {
	for _, r := range rows {
		if !isHealth(r.Variant) && slices.Contains(grayFaults[:3], r.Fault) && !slices.Contains(names, r.Variant) {
			names = append(names, r.Variant)
		}
	}
	return names
}

// withoutOutcome returns the share of requests without an outcome; 0 if there is no such row.
func withoutOutcome(rows []scenarios.Row, variant, fault string) float64 {
	for _, r := range rows {
		if r.Variant == variant && r.Fault == fault && r.Metrics["requests"] > 0 {
			return r.Metrics["without_outcome"] / r.Metrics["requests"]
		}
	}
	return 0
}
