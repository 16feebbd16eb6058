package overlay_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/overlay"
)

// TestEdit applies all edits to the Go that runs the test.
func TestEdit(t *testing.T) {
	files, err := overlay.Edit(installed(t))
	require.NoError(t, err)
	require.Contains(t, files, "runtime/proc.go")
	require.Contains(t, files["runtime/proc.go"], "detRelease")
}

// installed returns the toolchain that runs the test.
func installed(t *testing.T) overlay.Toolchain {
	t.Helper()
	tc, err := overlay.Installed(".")
	require.NoError(t, err)
	return tc
}
