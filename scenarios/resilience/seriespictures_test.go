package resilience_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/scenarios/resilience"
)

// TestMakeSeriesPictures draws the pictures of docs/series/img from the rows that were measured last, if -measure is given. Else it holds the pictures to
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
		if *measure != "" {
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o777))
			require.NoError(t, os.WriteFile(file, svg, 0o666))
		}
		got, err := os.ReadFile(file)
		require.NoError(t, err, "make series ONLY=index draws it")
		assert.Equal(t, string(svg), string(got), "%s: make series ONLY=index draws it", file)
	}
	require.Greater(t, drawn, 3)
}
