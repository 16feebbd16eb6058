package chart_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/chart"
)

var update = flag.Bool("update", false, "write the pictures in testdata")

// pictures are one of each kind.
func pictures() map[string]func() ([]byte, error) {
	return map[string]func() ([]byte, error){
		"lines": func() ([]byte, error) {
			seconds, perSecond := chart.Axis{Label: "time", Unit: "s"}, chart.Axis{Label: "requests", Unit: "1/s"}
			trigger := []chart.Band{{From: 20, To: 30, Name: "trigger: half of the capacity is gone"}}
			bad, good, attempts := make([]int, 60), make([]int, 60), make([]int, 60)
			for i := range 60 {
				good[i], bad[i], attempts[i] = 70-i%3, 70-i%2, 72+i%4
				if i >= 20 {
					bad[i], attempts[i] = 3*(i%2), 205+5*(i%7)
				}
				if i >= 20 && i < 30 {
					good[i] = 33 + i%4
				}
			}
			return chart.SVG("A retry storm outlives its trigger",
				chart.Lines{Title: "goodput", X: seconds, Y: perSecond, Bands: trigger, Lines: []chart.Line{
					{Name: "naive retries", Points: chart.Points(0, 1, bad)}, {Name: "with a retry budget", Points: chart.Points(0, 1, good)},
				}},
				chart.Lines{Title: "attempts", X: seconds, Y: perSecond, Bands: trigger, Levels: []chart.Level{{At: 100, Name: "capacity"}}, Lines: []chart.Line{
					{Name: "naive retries", Points: chart.Points(0, 1, attempts)},
				}})
		},
		"steps": func() ([]byte, error) {
			var fixed, sliding []chart.Point
			for i := range 40 {
				fixed = append(fixed, chart.Point{X: float64(i) * 100, Y: float64(50 + (i*37)%150)})
				sliding = append(sliding, chart.Point{X: float64(i) * 100, Y: float64(min(100, 50+(i*37)%150))})
			}
			return chart.SVG("What a limit of 100 a second admits", chart.Lines{
				X: chart.Axis{Label: "end of the window", Unit: "ms"}, Y: chart.Axis{Label: "admitted in the last second"}, Levels: []chart.Level{{At: 100, Name: "promised"}},
				Lines: []chart.Line{{Name: "fixed window", Points: fixed, Step: true}, {Name: "sliding log", Points: sliding, Step: true}},
			})
		},
		"bars": func() ([]byte, error) {
			return chart.SVG("Three tries at each of two layers: 3 × 3 = 9", chart.Bars{
				Title: "attempts for 1000 requests", Y: chart.Axis{Label: "attempts"}, Groups: []string{"naive retries", "one layer", "budget of 10 %", "circuit breaker < 50 % & more"},
				Series: []chart.Series{{Name: "depth 1", Values: []float64{3000, 1000, 1100, 870.5}}, {Name: "depth 2", Values: []float64{9000, 3000, 1210, 902}}},
			})
		},
	}
}

// TestPictures compares the pictures with those in testdata, byte for byte.
func TestPictures(t *testing.T) {
	for name, draw := range pictures() {
		svg, err := draw()
		require.NoError(t, err)
		file := "testdata/" + name + ".svg"
		if *update {
			require.NoError(t, os.WriteFile(file, svg, 0o666))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(want), string(svg), "go test ./internal/chart -update writes %s", file)
		again, err := draw()
		require.NoError(t, err)
		require.Equal(t, svg, again)
		require.NotContains(t, string(svg), "script")
		require.NotContains(t, string(svg), "NaN")
		wellFormed(t, string(svg))
	}
}

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			require.NoError(t, err)
		}
	}
}

// TestRefuses shows which panels are no pictures.
func TestRefuses(t *testing.T) {
	for want, panels := range map[string][]chart.Panel{
		"no panels":                            nil,
		`"x", panel 1: no points`:              {chart.Lines{}},
		"no bars":                              {chart.Bars{}},
		`line "a": NaN is no finite number`:    {chart.Lines{Lines: []chart.Line{{Name: "a", Points: []chart.Point{{0, math.NaN()}}}}}},
		`line "a" goes back from 2 to 1`:       {chart.Lines{Lines: []chart.Line{{Name: "a", Points: []chart.Point{{2, 0}, {1, 0}}}}}},
		`series "a" has 1 values for 2 groups`: {chart.Bars{Groups: []string{"x", "y"}, Series: []chart.Series{{Name: "a", Values: []float64{1}}}}},
		`level "l": +Inf is no finite number`:  {chart.Bars{Groups: []string{"x"}, Series: []chart.Series{{Values: []float64{1}}}, Levels: []chart.Level{{math.Inf(1), "l"}}}},
		`band "b": NaN is no finite number`:    {chart.Lines{Lines: []chart.Line{{Points: []chart.Point{{0, 0}}}}, Bands: []chart.Band{{math.NaN(), 1, "b"}}}},
	} {
		_, err := chart.SVG("x", panels...)
		require.ErrorContains(t, err, want)
	}
}

// TestManyPoints shows that a picture of a million points is small, and keeps a single peak.
func TestManyPoints(t *testing.T) {
	values := make([]int, 200_000)
	values[123_456] = 7
	svg, err := chart.SVG("x", chart.Lines{Lines: []chart.Line{{Points: chart.Points(0, 1, values)}}})
	require.NoError(t, err)
	require.Less(t, len(svg), 60_000)
	heights := map[string]bool{}
	for _, at := range regexp.MustCompile(`[ML][0-9.]+ ([0-9.]+)`).FindAllStringSubmatch(string(svg[bytes.Index(svg, []byte(`class="l s0"`)):]), -1) {
		heights[at[1]] = true
	}
	require.Len(t, heights, 2)
}

// TestExtremes draws what has no extent, and numbers of all sizes.
func TestExtremes(t *testing.T) {
	for _, v := range []float64{0, 1e-9, 1, 9999, 1e18} {
		svg, err := chart.SVG("x", chart.Lines{Lines: []chart.Line{{Points: []chart.Point{{v, v}}}}}, chart.Bars{Groups: []string{""}, Series: []chart.Series{{Values: []float64{v}}}})
		require.NoError(t, err)
		require.NotContains(t, string(svg), "NaN")
		require.NotContains(t, string(svg), "Inf")
	}
}
