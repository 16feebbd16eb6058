package rowpicture_test

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/internal/rowpicture"
	"github.com/capsize-go/capsize/scenarios"
)

// A scenario draws a bar for each of its rows.
func ExampleBars() {
	draw := rowpicture.Bars("Retries at two layers multiply", chart.Axis{Label: "attempts a request"}, nil, rowpicture.Measure{Metric: "attempts_per_request"})
	svg, err := draw([]scenarios.Row{
		{Variant: "naive", Metrics: map[string]float64{"attempts_per_request": 9}},
		{Variant: "one-layer", Metrics: map[string]float64{"attempts_per_request": 3}},
	})
	fmt.Println(strings.Contains(string(svg), ">naive</text>"), err)
	// Output: true <nil>
}
