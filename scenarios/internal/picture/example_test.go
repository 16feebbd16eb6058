package picture_test

import (
	"bytes"
	"fmt"

	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/internal/picture"
)

func Example() {
	draw := picture.OfBars("Retries", chart.Axis{Label: "attempts a request"}, nil, picture.Measure{Metric: "attempts"})
	svg, err := draw([]scenarios.Row{{Variant: "naive", Metrics: map[string]float64{"attempts": 9}}})
	fmt.Println(bytes.Contains(svg, []byte("naive")), err)
	_, err = draw(nil)
	fmt.Println(err)
	// Output:
	// true <nil>
	// none of the rows has what the picture shows
}
