package resilience_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	checks "github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/scenarios"
)

// barPictures are the pictures that are made of rows which were measured.
var barPictures = []struct {
	file, scenario, title string
	fault                 string // rows of that alone
	variants              string // and of these, between commas; default: all
	metrics               []bar
	y                     chart.Axis
	scale                 float64 // of the metrics; default 1
}{
	{"retry-storm", "retry-storm", "Attempts for 1000 requests at each depth", "backend down", ",naive,one-layer,failsafe-budget-10,failsafe-budget-20,count-budget,breaker-failsafe,",
		[]bar{{"attempts_depth_1", "A"}, {"attempts_depth_2", "B"}, {"attempts_depth_3", "C, which is down"}}, chart.Axis{Label: "attempts"}, 1},
}

// A bar is a metric of a row, and its name in the legend.
type bar struct{ metric, name string }

const seriesPictures = "../../docs/series/img"

// TestMakeServicePictures makes the pictures of the pages about services anew: of rows, and of runs.
func TestMakeServicePictures(t *testing.T) {
	if os.Getenv("CAPSIZE_PICTURES") == "" {
		t.Skip("CAPSIZE_PICTURES is not set")
	}
	require.NoError(t, os.MkdirAll(seriesPictures, 0o777))
	save := func(name string, svg []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(seriesPictures, name+".svg"), svg, 0o666))
	}
	for i := range barPictures {
		save(barPictures[i].file, barPicture(t, i))
	}
	save("metastable-loop", loopPicture(t))
	save("metastable", pausePicture(t))
	save("jitter", jitterPicture(t))
}

// TestServicePicturesAreOfTheRows holds the pictures to the rows that were measured.
func TestServicePicturesAreOfTheRows(t *testing.T) {
	const how = "CAPSIZE_PICTURES=1 go test -run TestMakeServicePictures ./scenarios/resilience makes it"
	for i, p := range barPictures {
		assert.Equal(t, string(barPicture(t, i)), read(t, filepath.Join(seriesPictures, p.file+".svg")), how)
	}
	assert.Equal(t, string(loopPicture(t)), read(t, filepath.Join(seriesPictures, "metastable-loop.svg")), how)
}

// barPicture draws metrics of the rows of a scenario.
func barPicture(t *testing.T, i int) []byte {
	t.Helper()
	p := barPictures[i]
	_, rows := measuredRows(t, p.scenario)
	bars := chart.Bars{Y: p.y, Series: make([]chart.Series, len(p.metrics))}
	for _, r := range rows {
		if p.fault != "" && r.Fault != p.fault || p.variants != "" && !strings.Contains(p.variants, ","+r.Variant+",") {
			continue
		}
		bars.Groups = append(bars.Groups, r.Variant)
		for j, m := range p.metrics {
			bars.Series[j].Name = m.name
			bars.Series[j].Values = append(bars.Series[j].Values, p.scale*r.Metrics[m.metric])
		}
	}
	svg, err := chart.SVG(p.title, bars)
	require.NoError(t, err)
	return svg
}

// loopPicture draws the goodput by the offered load, on the way up and on the way down.
func loopPicture(t *testing.T) []byte {
	t.Helper()
	_, rows := measuredRows(t, "metastable")
	var panels []chart.Panel
	for _, r := range rows {
		if r.Fault == "load up and down" {
			panels = append(panels, chart.Lines{Title: r.Variant, X: chart.Axis{Label: "offered load", Unit: "1/s"}, Y: chart.Axis{Label: "answered in time", Unit: "1/s", Max: 120},
				Lines: []chart.Line{{Name: "up", Points: loopPoints(r, "up")}, {Name: "down", Points: loopPoints(r, "down")}}})
		}
	}
	svg, err := chart.SVG("The load goes up beyond 100 a second, and down again", panels...)
	require.NoError(t, err)
	return svg
}

func loopPoints(r scenarios.Row, way string) (points []chart.Point) {
	for _, load := range []string{"20", "40", "60", "80", "100", "120"} {
		if y, ok := r.Metrics["goodput_"+way+"_"+load]; ok {
			x := map[string]float64{"20": 20, "40": 40, "60": 60, "80": 80, "100": 100, "120": 120}[load]
			points = append(points, chart.Point{X: x, Y: y})
		}
	}
	if way == "down" {
		points = append(points, chart.Point{X: 120, Y: r.Metrics["goodput_up_120"]})
	}
	return points
}

// pausePicture draws the goodput over time around the pause, of a run of what fails, of the cure that does not work and of one that does.
func pausePicture(t *testing.T) []byte {
	t.Helper()
	var goodput, attempts []chart.Line
	for _, name := range []string{"three-tries", "drop-expired", "drop-late"} {
		r := seedOne(t, "metastable", name, "pause of 10 s")
		m, err := checks.MeasureGoodput(r.History, time.Second)
		require.NoError(t, err)
		goodput = append(goodput, chart.Line{Name: name, Points: chart.Points(0.5, 1, m.OK[:50])})
		attempts = append(attempts, chart.Line{Name: name, Points: chart.Points(0.5, 1, m.Attempts[:50])})
	}
	time, pause := chart.Axis{Label: "time", Unit: "s", Max: 50}, []chart.Band{{From: 10, To: 20, Name: "pause"}}
	svg, err := chart.SVG("70 requests a second at a service that can answer 100, and a pause of 10 s",
		chart.Lines{Title: "Answered in time", X: time, Y: chart.Axis{Label: "goodput", Unit: "1/s"}, Lines: goodput, Bands: pause},
		chart.Lines{Title: "Attempts", X: time, Y: chart.Axis{Label: "attempts", Unit: "1/s"}, Lines: attempts, Bands: pause, Levels: []chart.Level{{At: 100, Name: "capacity"}}})
	require.NoError(t, err)
	return svg
}

// jitterPicture draws the attempts of a run of each jitter from when the service is back.
func jitterPicture(t *testing.T) []byte {
	t.Helper()
	var lines []chart.Line
	for _, name := range []string{"jitter-none", "jitter-equal", "jitter-full", "jitter-decorrelated"} {
		r := seedOne(t, "retry-storm", name, "")
		windows := make([]int, 40)
		for c := range r.History.Calls() {
			in, ok := c.Invoke.Input.(model.RequestOp)
			if i := int((c.Invoke.Time - 6*time.Second) / (100 * time.Millisecond)); ok && in.F == "attempt" && c.Invoke.Time >= 6*time.Second && i < len(windows) {
				windows[i]++
			}
		}
		lines = append(lines, chart.Line{Name: name, Points: chart.Points(0.05, 0.1, windows)})
	}
	svg, err := chart.SVG("200 clients come back to a service that is up again",
		chart.Lines{X: chart.Axis{Label: "since the service is back", Unit: "s", Max: 4}, Y: chart.Axis{Label: "attempts in 100 ms"}, Lines: lines})
	require.NoError(t, err)
	return svg
}

// seedOne runs a variant with seed 1.
func seedOne(t *testing.T, scenario, variant, fault string) *capsize.Result {
	t.Helper()
	s, _ := measuredRows(t, scenario)
	i := slices.IndexFunc(s.Variants, func(v scenarios.Variant) bool { return v.Name == variant && (fault == "" || v.Fault == fault) })
	require.GreaterOrEqual(t, i, 0)
	r, err := s.Variants[i].Exec(t.Context(), t, 1)
	require.NoError(t, err)
	return r
}
