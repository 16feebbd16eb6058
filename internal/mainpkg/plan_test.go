package mainpkg

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listOf makes a list from lines "path: imports", dependencies first. Paths without a dot are of the standard library, those below app.com of the
// main module.
func listOf(text string) (all []*Package) {
	for line := range strings.Lines(text) {
		name, imports, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		x := &Package{ImportPath: name, Imports: strings.Fields(imports), Standard: !strings.Contains(name, "."), Module: &Module{Main: strings.HasPrefix(name, "app.com")}}
		all = append(all, x)
	}
	return all
}

// chosen returns the packages that are copied, of those of a list of which some can't be.
func chosen(t *testing.T, text string, patterns []string, foreign ...string) (paths []string, shared map[string]string) {
	t.Helper()
	list := listOf(text)
	p := &Plan{Main: list[len(list)-1], all: map[string]*Package{}}
	wanted, shared := map[string]bool{}, map[string]string{}
	for _, x := range list {
		p.all[x.ImportPath] = x
	}
	for _, x := range list {
		w, err := p.wants(x, patterns)
		require.NoError(t, err)
		wanted[x.ImportPath] = w
	}
	for _, name := range foreign {
		p.share(p.all[name], "it is not Go", shared)
	}
	p.choose(list, wanted, shared)
	for _, x := range p.Copied {
		paths = append(paths, x.ImportPath)
	}
	return paths, shared
}

const program = `
	fmt:
	flag: fmt
	lib.com/pflag: flag
	lib.com/cobra: lib.com/pflag fmt
	lib.com/metrics/internal/registry: fmt
	lib.com/metrics: lib.com/metrics/internal/registry
	lib.com/pure: fmt
	app.com/store: lib.com/pure
	app.com/cgo: app.com/store
	app.com/cmd/server: lib.com/cobra lib.com/metrics app.com/store`

// TestChosen has copied what is of the main module, what uses flags, and what is asked for, with all that these alone may import.
func TestChosen(t *testing.T) {
	paths, _ := chosen(t, program, nil)
	assert.Equal(t, []string{"flag", "lib.com/pflag", "lib.com/cobra", "app.com/store", "app.com/cgo", "app.com/cmd/server"}, paths)
	paths, _ = chosen(t, program, []string{"lib.com/metrics"})
	assert.Contains(t, paths, "lib.com/metrics/internal/registry")
	assert.NotContains(t, paths, "lib.com/pure")
	for _, pattern := range []string{"lib.com/...", "all"} {
		paths, _ = chosen(t, program, []string{pattern})
		assert.Equal(t, 9, len(paths), pattern)
	}
	paths, _ = chosen(t, program, []string{"lib.com/pure"})
	assert.Contains(t, paths, "app.com/store", "who imports a copy is a copy")
	paths, shared := chosen(t, program, nil, "app.com/cgo")
	assert.NotContains(t, paths, "app.com/store", "a package that is shared imports no copy")
	assert.Equal(t, "it is not Go", shared["app.com/store"])
	paths, _ = chosen(t, "flag:\nlib.com/c: flag\napp.com/s: flag lib.com/c", nil, "lib.com/c")
	assert.Equal(t, []string{"flag", "app.com/s"}, paths, "it has the flags of the process")
}

// TestOrder initializes packages by their import paths, after those that they import.
func TestOrder(t *testing.T) {
	list := listOf("app.com/z:\napp.com/b: app.com/z\napp.com/c:\napp.com/a: app.com/c app.com/b")
	p := &Plan{Copied: list, private: map[string]bool{"app.com/a": true, "app.com/b": true, "app.com/c": true, "app.com/z": true}}
	var paths []string
	for _, x := range p.order() {
		paths = append(paths, x.ImportPath)
	}
	assert.Equal(t, []string{"app.com/c", "app.com/z", "app.com/b", "app.com/a"}, paths)
}

func TestImportable(t *testing.T) {
	for to, want := range map[string]bool{
		"app.com/x": true, "app.com/internal/x": true, "app.com/cmd/internal": true, "app.com/store/internal/x": false,
		"lib.com/internal": false, "internal/poll": false, "app.com/internal/x/internal/y": false,
	} {
		assert.Equal(t, want, importable("app.com/cmd/server", to), to)
	}
}

// TestRefused says what of a main package is in the way.
func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"ImportPath": "a.com/s", "Name": "store"}`:                                          "a.com/s is package store, and not a main package",
		`{"ImportPath": "a.com/s", "Name": "main"} {"ImportPath": "a.com/t", "Name": "main"}`: "one main package is wanted, not 2 packages (a.com/s, a.com/t)",
		`{"ImportPath": "command-line-arguments", "Name": "main"}`:                            "must be named by its folder or import path",
		`{"ImportPath": "a.com/s", "Name": "main", "Module": {"Path": "a.com"}}`:              "a.com/s belongs to module a.com; run this in a folder of that module",
		`{`: "read the output of go list",
	} {
		_, err := Load(strings.NewReader(text))
		require.ErrorContains(t, err, want)
	}
	list, err := Load(strings.NewReader(`{"ImportPath": "a.com/s", "Name": "main", "Module": {"Main": true}, "CgoFiles": ["c.go"]}`))
	require.NoError(t, err)
	_, err = New(list, nil)
	require.ErrorContains(t, err, "main package a.com/s has cgo (c.go)")
	if !testing.Short() {
		_, err = New(listed(t, "testdata/app", "./cmd/odd"), nil)
		require.ErrorContains(t, err, "main.go:6:5: its type is hidden.thing, which is not exported: give the variable x a type that can be named")
	}
}
