package overlay_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/overlay"
	"github.com/capsize-go/capsize/internal/tier"
)

// TestEditsApply applies all edits to the Go that runs the test, and to each other supported one that the go command has fetched.
func TestEditsApply(t *testing.T) {
	for _, tc := range toolchains(t) {
		t.Run(tc.Version, func(t *testing.T) {
			files, err := overlay.Edit(tc)
			require.NoError(t, err)
			require.Contains(t, files, "runtime/zdet.go")
			assert.Contains(t, files["runtime/proc.go"], "detRelease")
			for name, text := range files { // order: independent cases
				was, err := os.ReadFile(filepath.Join(tc.Root, "src", filepath.FromSlash(name)))
				if errors.Is(err, os.ErrNotExist) {
					continue // one that is added
				}
				require.NoError(t, err)
				lines, old := strings.Split(text, "\n"), strings.Split(string(was), "\n")
				assert.GreaterOrEqual(t, len(lines), len(old), name)
				assert.NotEqual(t, string(was), text, name)
			}
		})
	}
}

// toolchains returns the Go that runs the test, and those of the supported versions in the folder of modules.
func toolchains(t *testing.T) []overlay.Toolchain {
	t.Helper()
	all := []overlay.Toolchain{installed(t)}
	roots, err := filepath.Glob(filepath.Join(moduleCache(t), "golang.org", "toolchain@v0.0.1-go1.*."+runtime.GOOS+"-"+runtime.GOARCH))
	require.NoError(t, err)
	for _, root := range roots {
		_, rest, _ := strings.Cut(root, "toolchain@v0.0.1-")
		v := strings.TrimSuffix(rest, "."+runtime.GOOS+"-"+runtime.GOARCH)
		if v != all[0].Version && (strings.HasPrefix(v, "go1.26.") || strings.HasPrefix(v, "go1.27.")) {
			all = append(all, overlay.Toolchain{Root: root, Version: v})
		}
	}
	if len(all) == 1 {
		t.Logf("only %s is here: another one comes with GOTOOLCHAIN=go1.27.3 go version", all[0].Version)
	}
	return all
}

func moduleCache(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("GOMODCACHE"); dir != "" {
		return dir
	}
	if dir := os.Getenv("GOPATH"); dir != "" {
		return filepath.Join(filepath.SplitList(dir)[0], "pkg", "mod")
	}
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	return filepath.Join(home, "go", "pkg", "mod")
}

// TestRefusal changes one letter in a copy of the files of Go that are edited: what is refused is named, and nothing is made.
func TestRefusal(t *testing.T) {
	tc := installed(t)
	for _, c := range []struct{ file, from, to, want string }{
		{"runtime/proc.go", "func goexit0(", "func goexit1x(", "sched: runtime/proc.go: there is no goexit0"},
		{"runtime/select.go", "cheaprandn(", "cheaprandm(", "rand: runtime/select.go: in selectgo, is there 0 times and not 1: cheaprandn(_)"},
		{"sync/pool.go", "func (p *Pool) Put(", "func (p *Pool) Pur(", "pool: sync/pool.go: there is no (*Pool).Put"},
		{"runtime/time.go", "gp.preemptStop", "gp.preemptStap", "timer: runtime/time.go: in (*timers).cleanHead"},
	} {
		t.Run(c.file, func(t *testing.T) {
			root := scratch(t, tc)
			name := filepath.Join(root, "src", filepath.FromSlash(c.file))
			b, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Contains(t, string(b), c.from)
			require.NoError(t, os.WriteFile(name, []byte(strings.Replace(string(b), c.from, c.to, 1)), 0o600))
			dir := t.TempDir()
			_, err = overlay.Make(dir, overlay.Toolchain{Root: root, Version: tc.Version}, "")
			var unsupported *overlay.Unsupported
			require.ErrorAs(t, err, &unsupported)
			assert.ErrorContains(t, err, c.want)
			assert.ErrorContains(t, err, tc.Version)
			made, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Empty(t, made)
		})
	}
	root := scratch(t, tc)
	require.NoError(t, os.Remove(filepath.Join(root, "src", "runtime", "sema.go")))
	_, err := overlay.Edit(overlay.Toolchain{Root: root, Version: tc.Version})
	require.ErrorContains(t, err, "runtime/sema.go: there is no such file")
}

// whole is the list of names below src that all edits give contents.
var whole = sync.OnceValues(func() (names []string, err error) {
	tc, err := overlay.Installed(".")
	if err != nil {
		return nil, err
	}
	files, err := overlay.Edit(tc)
	return slices.Sorted(maps.Keys(files)), err
})

func edited(t *testing.T) []string {
	t.Helper()
	names, err := whole()
	require.NoError(t, err)
	return names
}

// scratch copies the files of a toolchain that are edited.
func scratch(t *testing.T, tc overlay.Toolchain) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, name := range edited(t) {
		b, err := os.ReadFile(filepath.Join(tc.Root, "src", filepath.FromSlash(name)))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		require.NoError(t, err)
		to := filepath.Join(root, "src", filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o700))
		require.NoError(t, os.WriteFile(to, b, 0o600))
	}
	return root
}

func TestUnsupported(t *testing.T) {
	for _, v := range []string{"go1.25.11", "go1.28.0", "devel go1.29-abcdef", "no version"} {
		_, err := overlay.Edit(overlay.Toolchain{Root: t.TempDir(), Version: v})
		var unsupported *overlay.Unsupported
		require.ErrorAs(t, err, &unsupported, v)
		assert.ErrorContains(t, err, overlay.Supported())
	}
	_, err := overlay.Edit(installed(t), "sched", "no such")
	require.ErrorContains(t, err, `no group of edits "no such"`)
}

// TestSkip leaves out each group: the files of the others stay as they are.
func TestSkip(t *testing.T) {
	tc := installed(t)
	with, err := overlay.Edit(tc)
	require.NoError(t, err)
	for i, g := range overlay.Groups() {
		if i%4 > 0 && !tier.Sweeping() {
			continue
		}
		without, err := overlay.Edit(tc, g.Name)
		require.NoError(t, err)
		changed := 0
		for name := range with { // order: a count
			if with[name] != without[name] {
				changed++
			}
		}
		assert.NotZero(t, changed, g.Name)
		assert.Less(t, changed, len(with), g.Name)
	}
}

// TestMake makes an overlay twice, and one with the list of a user in it.
func TestMake(t *testing.T) {
	tc, dir := installed(t), t.TempDir()
	made, err := overlay.Make(dir, tc, "")
	require.NoError(t, err)
	again, err := overlay.Make(dir, tc, "")
	require.NoError(t, err)
	assert.Equal(t, made, again)
	files := replaced(t, made.List)
	id, err := os.ReadFile(files[filepath.Join(tc.Root, "src", "runtime", "zdet.go")])
	require.NoError(t, err)
	assert.Contains(t, string(id), made.ID)
	without, err := overlay.Make(dir, tc, "", "points")
	require.NoError(t, err)
	assert.NotEqual(t, made.ID, without.ID)

	theirs := filepath.Join(t.TempDir(), "theirs.json")
	mine := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(theirs, list(t, mine, mine+".txt"), 0o600))
	merged, err := overlay.Make(dir, tc, theirs)
	require.NoError(t, err)
	assert.NotEqual(t, made.List, merged.List)
	assert.Equal(t, mine+".txt", replaced(t, merged.List)[mine])
	assert.Len(t, replaced(t, merged.List), len(files)+1)

	require.NoError(t, os.WriteFile(theirs, list(t, filepath.Join(tc.Root, "src", "runtime", "proc.go"), mine), 0o600))
	_, err = overlay.Make(dir, tc, theirs)
	require.ErrorContains(t, err, "proc.go, and so does the deterministic runtime")
}

// list is a file for the flag -overlay.
func list(t *testing.T, from, to string) []byte {
	t.Helper()
	b, err := json.Marshal(map[string]any{"Replace": map[string]string{from: to}})
	require.NoError(t, err)
	return b
}

// replaced reads a list.
func replaced(t *testing.T, name string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	var l struct{ Replace map[string]string }
	require.NoError(t, json.Unmarshal(b, &l))
	return l.Replace
}

// installed returns the toolchain that runs the test.
func installed(t *testing.T) overlay.Toolchain {
	t.Helper()
	tc, err := overlay.Installed(".")
	require.NoError(t, err)
	return tc
}
