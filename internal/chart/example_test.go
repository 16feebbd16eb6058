package chart_test

import (
	"bytes"
	"fmt"

	"github.com/capsize-go/capsize/internal/chart"
)

// Goodput over time, with the fault that brought it down.
func Example() {
	svg, err := chart.SVG("Goodput does not come back", chart.Lines{
		X: chart.Axis{Label: "time", Unit: "s"}, Y: chart.Axis{Label: "requests", Unit: "1/s"},
		Lines: []chart.Line{{Name: "goodput", Points: chart.Points(0, 1, []int{70, 70, 70, 10, 0, 0, 0})}},
		Bands: []chart.Band{{From: 3, To: 4, Name: "half of the capacity"}},
	})
	fmt.Println(bytes.HasPrefix(svg, []byte("<svg")), err)
	// Output: true <nil>
}
