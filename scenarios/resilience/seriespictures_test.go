package resilience_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/resilience"
)

// TestMakeSeriesPictures draws the pictures of docs/series/img from the rows that were measured last, if CAPSIZE_SERIES is set. Else it holds the pictures to
// these rows, byte for byte.
func TestMakeSeriesPictures(t *testing.T) {
	drawn := 0
	for _, s := range resilience.All() {
		rows := filepath.Join(seriesRows, s.Name+".jsonl")
		if _, err := os.Stat(rows); s.Picture == nil || err != nil {
			continue
		}
		drawn++
		svg, err := s.Picture(scenariotest.ReadRows(t, rows))
		require.NoError(t, err, s.Name)
		file := filepath.Join(seriesPages, "img", s.Name+".svg")
		if os.Getenv("CAPSIZE_SERIES") != "" {
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o777))
			require.NoError(t, os.WriteFile(file, svg, 0o666))
		}
		got, err := os.ReadFile(file)
		require.NoError(t, err, "make pictures draws it")
		assert.Equal(t, string(svg), string(got), "%s: make pictures draws it", file)
	}
	require.Greater(t, drawn, 3)
}

// TestPicturesOfNothing shows that a picture of rows that show nothing is an error.
func TestPicturesOfNothing(t *testing.T) {
	for _, s := range resilience.All() {
		if s.Picture == nil {
			continue
		}
		for _, rows := range [][]scenarios.Row{nil, {{Variant: "x", Metrics: map[string]float64{"other": 1}}}} {
			_, err := s.Picture(rows)
			require.EqualError(t, err, "none of the rows has what the picture shows", s.Name)
		}
	}
}

// TestPictureOverTime draws what is admitted over time in two runs, which are the same byte for byte.
func TestPictureOverTime(t *testing.T) {
	s, err := scenarios.Find(resilience.All(), "rate-limit-truth")
	require.NoError(t, err)
	var pictures [2]string
	for i := range pictures {
		svg, err := s.Picture(scenariotest.Rows(t, s, "fixed-window", "", 1))
		require.NoError(t, err)
		pictures[i] = string(svg)
	}
	require.Equal(t, pictures[0], pictures[1])
	require.Contains(t, pictures[0], "admitted in the second before")
	require.Contains(t, pictures[0], "the most in any second")
}
