package mainpkg

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listed returns what go list says of a main package of the module in testdata/app.
func listed(t *testing.T, dir, pkg string) []*Package {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-export", "-json="+ListFields, pkg)
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, said.String())
	list, err := Load(bytes.NewReader(out))
	require.NoError(t, err)
	return list
}

// run builds a program that starts copies of a plan by their numbers, and returns what it prints.
func run(t *testing.T, dir string, p *Plan, copies int, starts ...string) string {
	t.Helper()
	g := p.Generate(copies)
	var main strings.Builder
	main.WriteString("package main\n\nimport (\n")
	for i, path := range g.Starts {
		fmt.Fprintf(&main, "\tn%d %q\n", i+1, path)
	}
	main.WriteString(")\n\nfunc main() {\n" + strings.Join(starts, "\n") + "\n}\n")
	g.Texts[filepath.Join(g.Folder, "driver", "main.go")] = main.String()
	tmp := t.TempDir()
	replace := g.Files
	i := 0
	for name, text := range g.Texts { // order: names of files in a folder that is removed
		i++
		to := filepath.Join(tmp, fmt.Sprint(i, ".go"))
		require.NoError(t, os.WriteFile(to, []byte(text), 0o600))
		replace[name] = to
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	overlay := filepath.Join(tmp, "overlay.json")
	require.NoError(t, os.WriteFile(overlay, list, 0o600))
	cmd := exec.Command("go", "run", "-overlay="+overlay, g.Path+"/driver")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// TestCopies starts two copies of a program, one of them twice: each start has variables, flags and arguments of its own, initialized
// in the order of the language, and a lock that a former start holds is free.
func TestCopies(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a program")
	}
	dir, err := filepath.Abs("testdata/app")
	require.NoError(t, err)
	p, err := New(listed(t, dir, "./cmd/server"), nil)
	require.NoError(t, err)
	assert.Empty(t, p.Notes)
	out := run(t, dir, p, 2,
		`n1.Start([]string{"server", "-name", "n1", "rest"})`,
		`n2.Start([]string{"server", "-name=n2", "-level=5"})`,
		`n1.Start([]string{"server", "-name", "again"})`)
	assert.Equal(t, `hello n1 3 1 1 17 {1 2} 3 42 2 [blank init 1 init 2] 4 server [rest]
hello n2 5 1 1 17 {1 2} 5 42 2 [blank init 1 init 2] 3 server []
hello again 3 1 1 17 {1 2} 3 42 2 [blank init 1 init 2] 3 server []
`, out)
}
