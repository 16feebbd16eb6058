package resilience_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/scenarios"
)

// lbPictures are the pictures of docs/series/01-load-balancing.md, by their files, each of the rows of a scenario.
var lbPictures = []struct {
	file, scenario, title string
	panels                func(rows []scenarios.Row) []chart.Panel
}{
	{"lb-sinkhole.svg", "lb-sinkhole", "One of four backends fails: who gets the requests", sinkholePanels},
	{"lb-health.svg", "lb-health", "What a health check asks", healthPanels},
}

// TestMakePictures draws the pictures anew with CAPSIZE_SERIES; else it holds them to the rows that were measured.
func TestMakePictures(t *testing.T) {
	for _, p := range lbPictures {
		_, rows := measuredRows(t, p.scenario)
		svg, err := chart.SVG(p.title, p.panels(rows)...)
		require.NoError(t, err)
		file := filepath.Join(seriesPages, "img", p.file)
		if os.Getenv("CAPSIZE_SERIES") != "" {
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o777))
			require.NoError(t, os.WriteFile(file, svg, 0o666))
		}
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.True(t, string(svg) == string(got), "CAPSIZE_SERIES=index go test -run TestMakePictures ./scenarios/resilience draws %s", p.file)
	}
}

// percents returns a series of a metric of rows, in percent.
func percents(name, metric string, rows []scenarios.Row) chart.Series {
	s := chart.Series{Name: name}
	for _, r := range rows {
		s.Values = append(s.Values, math.Round(1000*r.Metrics[metric])/10)
	}
	return s
}

// under returns the rows of a fault whose variants eject, or those that do not.
func under(rows []scenarios.Row, fault string, ejecting bool) (some []scenarios.Row) {
	for _, r := range rows {
		if r.Fault == fault && strings.HasSuffix(r.Variant, "-ejecting") == ejecting {
			some = append(some, r)
		}
	}
	return some
}

func names(rows []scenarios.Row) (list []string) {
	for _, r := range rows {
		list = append(list, r.Variant)
	}
	return list
}

// sinkholePanels show the load of each backend, and below it the errors.
func sinkholePanels(rows []scenarios.Row) []chart.Panel {
	fast := under(rows, "fails fast", false)
	load := chart.Bars{Title: "Load by node while n3 fails fast", Y: chart.Axis{Label: "requests", Unit: "%"}, Groups: names(fast)}
	for _, node := range []string{"n2", "n3", "n4", "n5"} {
		load.Series = append(load.Series, percents(node, "share_of_"+node, fast))
	}
	return []chart.Panel{load, chart.Bars{
		Title: "Errors", Y: chart.Axis{Label: "of requests", Unit: "%"}, Groups: names(fast),
		Series: []chart.Series{
			percents("fails fast", "error_share", fast), percents("fails fast, ejected", "error_share", under(rows, "fails fast", true)),
			percents("hangs", "error_share", under(rows, "hangs", false)), percents("hangs, ejected", "error_share", under(rows, "hangs", true)),
		},
	}}
}

// healthPanels show what is left of the routes that do not need the dependency, and the errors beside a backend that fails.
func healthPanels(rows []scenarios.Row) []chart.Panel {
	down, bad := under(rows, "dependency fails", false), under(rows, "backend fails", false)
	down, bad = append(down, under(rows, "dependency fails", true)...), append(bad, under(rows, "backend fails", true)...)
	return []chart.Panel{
		chart.Bars{Title: "The dependency of all backends fails: routes that do not need it", Y: chart.Axis{Label: "answered", Unit: "%"}, Groups: names(down),
			Series: []chart.Series{percents("answered", "unrelated_availability", down)}},
		chart.Bars{Title: "One backend fails, and its process runs", Y: chart.Axis{Label: "errors", Unit: "%"}, Groups: names(bad),
			Series: []chart.Series{percents("errors", "error_share", bad)}},
	}
}
