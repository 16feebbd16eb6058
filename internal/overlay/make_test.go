package overlay_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/overlay"
)

// TestMakeAtOnce has several make one overlay at the same time, and each finds all of it.
func TestMakeAtOnce(t *testing.T) {
	tc, dir := installed(t), t.TempDir()
	var made [2]overlay.Made
	var errs [2]error
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() { made[i], errs[i] = overlay.Make(dir, tc, "") })
	}
	wg.Wait()
	for i := range made {
		require.NoError(t, errs[i])
		require.Equal(t, made[0], made[i])
	}
	for from, to := range replaced(t, made[0].List) {
		require.FileExists(t, to, from)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*", "*", ".new-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestMakeAgain makes what was removed from the folder, or is not whole.
func TestMakeAgain(t *testing.T) {
	tc, dir := installed(t), t.TempDir()
	made, err := overlay.Make(dir, tc, "")
	require.NoError(t, err)
	file := filepath.Join(filepath.Dir(made.List), "runtime", "proc.go")
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, spoil := range []func() error{
		func() error { return os.Remove(file) },
		func() error { return os.Truncate(file, 10) },
		func() error { return os.RemoveAll(dir) },
	} {
		require.NoError(t, spoil())
		again, err := overlay.Make(dir, tc, "")
		require.NoError(t, err)
		require.Equal(t, made, again)
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(whole), string(got))
	}
}

// TestMakeMerges has an overlay of the user's, with names as seen from the folder that the go command runs in.
func TestMakeMerges(t *testing.T) {
	tc, dir := installed(t), t.TempDir()
	tc.Dir = t.TempDir()
	merged := func(text string) (overlay.Made, error) {
		require.NoError(t, os.WriteFile(filepath.Join(tc.Dir, "o.json"), []byte(text), 0o644))
		return overlay.Make(dir, tc, "o.json")
	}
	made, err := merged(`{"Replace": {"a.go": "b.go", "gone.go": ""}}`)
	require.NoError(t, err)
	all := replaced(t, made.List)
	assert.Equal(t, filepath.Join(tc.Dir, "b.go"), all[filepath.Join(tc.Dir, "a.go")])
	assert.Contains(t, all, filepath.Join(tc.Dir, "gone.go"))
	assert.Empty(t, all[filepath.Join(tc.Dir, "gone.go")])

	// GOFLAGS may have what this program has printed, perhaps an older one.
	proc := filepath.Join(tc.Root, "src", "runtime", "proc.go")
	older, err := merged(string(list(t, proc, filepath.Join(dir, "go1.26.0-0123456789ab", "runtime", "proc.go"))))
	require.NoError(t, err)
	assert.Equal(t, made.ID, older.ID, "it is the same runtime")
	assert.Len(t, replaced(t, older.List), len(all)-2)

	_, err = merged(`no list`)
	require.ErrorContains(t, err, "overlay o.json")
	_, err = overlay.Make(dir, tc, "nowhere.json")
	require.ErrorContains(t, err, "nowhere.json")
}
