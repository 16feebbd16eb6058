package unmodified_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPage holds the code of the page to the test that is compiled.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/unmodified.md")
	require.NoError(t, err)
	code, err := os.ReadFile("unmodified_test.go")
	require.NoError(t, err)
	blocks := strings.Split(string(page), "```go\n")[1:]
	require.Len(t, blocks, 2)
	for _, b := range blocks {
		b, _, ok := strings.Cut(b, "```")
		require.True(t, ok)
		assert.Contains(t, string(code), b)
	}
}
