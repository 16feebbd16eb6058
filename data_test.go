package capsize_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report/result"
)

// TestRunKeepsData leaves the result of a failure beside its page, an index of the folder, and attributes of the test.
func TestRunKeepsData(t *testing.T) {
	dir := t.TempDir()
	out, ok := runChild(t, dir, "fails", "-test.v")
	require.False(t, ok, out)
	seed := regexp.MustCompile(`(?m)^ *=== ATTR  TestRunChild capsize\.seed (\d+)$`).FindStringSubmatch(out)
	require.NotNil(t, seed, out)
	assert.Contains(t, out, "=== ATTR  TestRunChild capsize.verdict invalid\n")
	found, err := filepath.Glob(filepath.Join(dir, "reports", "*", result.File))
	require.NoError(t, err)
	require.Len(t, found, 1)
	r, err := result.Read(filepath.Dir(found[0]))
	require.NoError(t, err)
	assert.Equal(t, checker.Invalid, r.Verdict)
	assert.Contains(t, r.Command, "go test -run=")
	index, err := os.ReadFile(filepath.Join(dir, "reports", "index.html"))
	require.NoError(t, err)
	assert.Contains(t, string(index), filepath.Base(filepath.Dir(found[0])))

	out, ok = runChild(t, t.TempDir(), "mended", "-test.v")
	require.True(t, ok, out)
	assert.Contains(t, out, "=== ATTR  TestRunChild capsize.verdict valid\n")
}
