package pools_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/resilience/pools"
)

// Where the rows are that were measured, and the pictures of them.
const (
	rowsFolder     = "../../testdata/rows"
	picturesFolder = "../../../docs/series/img"
)

// TestMakePictures draws the pictures anew with CAPSIZE_SERIES; else it holds them to the rows that were measured.
func TestMakePictures(t *testing.T) {
	for _, s := range pools.All() {
		if s.Picture == nil {
			continue
		}
		svg, err := s.Picture(scenariotest.ReadRows(t, filepath.Join(rowsFolder, s.Name+".jsonl")))
		require.NoError(t, err, s.Name)
		file := filepath.Join(picturesFolder, s.Name+".svg")
		if os.Getenv("CAPSIZE_SERIES") != "" {
			require.NoError(t, os.MkdirAll(picturesFolder, 0o777))
			require.NoError(t, os.WriteFile(file, svg, 0o666))
		}
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.True(t, string(svg) == string(got), "CAPSIZE_SERIES=index go test -run TestMakePictures ./scenarios/resilience/pools draws %s", file)
		_, err = s.Picture([]scenarios.Row{})
		require.Error(t, err, s.Name)
	}
}
