package resilience_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/resilience"
	"github.com/capsize-go/capsize/scenarios/resilience/edge"
	"github.com/capsize-go/capsize/scenarios/resilience/services"
)

// TestPicturesOfNothing shows that a picture of rows that show nothing is an error.
func TestPicturesOfNothing(t *testing.T) {
	for _, s := range resilience.All() {
		if s.Picture == nil {
			continue
		}
		_, err := s.Picture(nil)
		require.Error(t, err, s.Name)
		_, err = s.Picture([]scenarios.Row{{Variant: "x", Metrics: map[string]float64{"other": 1}}})
		require.Error(t, err, s.Name)
	}
}

// TestPictureOverTime draws admissions over time of two runs, which are the same byte for byte.
func TestPictureOverTime(t *testing.T) {
	tier.SkipRepeats(t)
	s := edge.RateLimitTruth()
	var pictures [2][]byte
	for i := range pictures {
		rows := scenariotest.Rows(t, s, "fixed-window", "", 1)
		svg, err := s.Picture(rows)
		require.NoError(t, err)
		pictures[i] = svg
	}
	require.Equal(t, string(pictures[0]), string(pictures[1]))
	require.Equal(t, 2, bytes.Count(pictures[0], []byte("configured: 10")), "a panel over time, and one of bars")
}

// TestPictureOfMetrics draws what rows of a file have, which are without a meter.
func TestPictureOfMetrics(t *testing.T) {
	svg, err := services.RetryStorm().Picture([]scenarios.Row{
		{Variant: "naive", Fault: "backend down", Metrics: map[string]float64{"attempts_depth_1": 1000, "attempts_depth_2": 3000, "attempts_depth_3": 9000}},
		{Variant: "one-layer", Fault: "backend down", Metrics: map[string]float64{"attempts_depth_1": 1000, "attempts_depth_2": 3000, "attempts_depth_3": 3000}},
	})
	require.NoError(t, err)
	require.Contains(t, string(svg), ">9,000</text>")
	require.Contains(t, string(svg), ">naive</text>")
	require.NotContains(t, string(svg), "come back to a service")
}
