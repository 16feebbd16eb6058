package nemesis_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/nemesis"
)

// The page on faults has a row for each of them, which names tests that exist.
func TestFaultsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/reference/faults.md")
	require.NoError(t, err)
	rows := map[string]string{}
	for line := range strings.Lines(string(page)) {
		if name, rest, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` |"); ok && strings.HasPrefix(line, "| `") {
			rows[name] = rest
		}
	}
	files, err := filepath.Glob("../cluster/*_test.go")
	require.NoError(t, err)
	var code string
	for _, name := range files {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		code += string(b)
	}
	for _, f := range nemesis.Faults() {
		if strings.HasPrefix(f.Name, "test ") {
			continue
		}
		tests := regexp.MustCompile("`(Test[A-Za-z]+)").FindAllStringSubmatch(rows[f.Name], -1)
		assert.NotEmpty(t, tests, f.Name)
		for _, name := range tests {
			assert.Contains(t, code, "func "+name[1]+"(", f.Name)
		}
	}
	for _, p := range nemesis.Presets() {
		assert.Contains(t, rows[p.Name], p.Doc, p.Name)
	}
}
