package resilience_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/scenarios/resilience"
)

// others are the scenarios whose pictures on the pages are made by other tests.
var others = []string{"retry-storm", "metastable", "pool-freeze", "pool-nested", "gray-hang"}

// TestMakeSeriesPictures draws the pictures of docs/series/img from the rows that were measured last, if CAPSIZE_SERIES is set. Else it holds the pictures to
// these rows, byte for byte.
func TestMakeSeriesPictures(t *testing.T) {
	drawn := 0
	for _, s := range resilience.All() {
		rows := filepath.Join(seriesRows, s.Name+".jsonl")
		if _, err := os.Stat(rows); s.Picture == nil || err != nil || slices.Contains(others, s.Name) {
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
