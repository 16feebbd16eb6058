package balancing

import (
	"errors"
	"math"
	"strings"

	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/balance"
)

// ejectingSuffix ends the names of variants of [LBSinkhole] that eject.
const ejectingSuffix = "-ejecting"

// drawSinkhole shows the load of each backend, and below it the errors.
func drawSinkhole(rows []scenarios.Row) ([]byte, error) {
	load := bars{title: "Load by node while " + lbBad + " fails fast", y: chart.Axis{Label: "requests", Unit: "%"}}
	fast := under(rows, failsFast, false)
	for _, node := range (balance.Service{}).Names() {
		load.add(node, "share_of_"+node, fast)
	}
	lost := bars{title: "Errors", y: chart.Axis{Label: "of requests", Unit: "%"}}
	for _, fault := range []string{failsFast, hangs} {
		lost.add(fault, "error_share", under(rows, fault, false))
		lost.add(fault+", ejected", "error_share", under(rows, fault, true))
	}
	return draw("One of four backends fails: who gets the requests", load, lost)
}

// drawHealth shows what is left of the routes that do not need the dependency, and the errors beside a backend that fails.
func drawHealth(rows []scenarios.Row) ([]byte, error) {
	left := bars{title: "The dependency of all backends fails: routes that do not need it", y: chart.Axis{Label: "answered", Unit: "%"}}
	left.add("answered", "unrelated_availability", of(rows, dependencyFails))
	lost := bars{title: "One backend fails, and its process runs", y: chart.Axis{Label: "errors", Unit: "%"}}
	lost.add("errors", "error_share", of(rows, backendFails))
	return draw("What a health check asks", left, lost)
}

// bars are a panel of shares in percent. The first series has the groups, and one that does not fit them is left out.
type bars struct {
	title  string
	y      chart.Axis
	groups []string
	series []chart.Series
}

func (b *bars) add(name, metric string, rows []scenarios.Row) {
	s := chart.Series{Name: name}
	var groups []string
	for _, r := range rows {
		x, ok := r.Metrics[metric]
		if !ok {
			return
		}
		groups = append(groups, strings.TrimSuffix(r.Variant, ejectingSuffix))
		s.Values = append(s.Values, math.Round(1000*x)/10)
	}
	if b.groups == nil && b.series == nil {
		b.groups = groups
	}
	if len(groups) > 0 && strings.Join(groups, " ") == strings.Join(b.groups, " ") {
		b.series = append(b.series, s)
	}
}

// draw returns a picture of those panels that have something to show.
func draw(title string, all ...bars) ([]byte, error) {
	var panels []chart.Panel
	for _, b := range all {
		if len(b.series) > 0 {
			panels = append(panels, chart.Bars{Title: b.title, Y: b.y, Groups: b.groups, Series: b.series})
		}
	}
	if len(panels) == 0 {
		return nil, errors.New("none of the rows has what the picture shows")
	}
	return chart.SVG(title, panels...)
}

// of returns the rows of a fault.
func of(rows []scenarios.Row, fault string) (some []scenarios.Row) {
	for _, r := range rows {
		if r.Fault == fault {
			some = append(some, r)
		}
	}
	return some
}

// under returns the rows of a fault whose variants eject, or those that do not.
func under(rows []scenarios.Row, fault string, ejecting bool) (some []scenarios.Row) {
	for _, r := range of(rows, fault) {
		if strings.HasSuffix(r.Variant, ejectingSuffix) == ejecting {
			some = append(some, r)
		}
	}
	return some
}
