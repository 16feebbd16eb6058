package programbuild

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestModule has a module that knows nothing of Capsize import it, and leaves its go.mod as it is. The modules that Capsize needs are those in
// the module cache.
func TestModule(t *testing.T) {
	if testing.Short() {
		t.Skip("it asks the go command")
	}
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOWORK", "")
	here := t.TempDir()
	t.Chdir(here)
	_, err := withCapsize(t.TempDir())
	require.ErrorContains(t, err, "this folder belongs to no module")

	const goMod = "module example.com/app\n\ngo 1.26.0\n\nrequire github.com/spf13/cobra v1.10.2\n"
	require.NoError(t, os.WriteFile("go.mod", []byte(goMod), 0o666))
	dir := t.TempDir()
	flags, err := withCapsize(dir)
	require.NoError(t, err)
	assert.Equal(t, []string{"-modfile=" + filepath.Join(dir, "go.mod"), "-mod=mod"}, flags)
	out, err := output(append(append([]string{"list", "-deps"}, flags...), driverPackage)...)
	require.NoError(t, err)
	assert.Contains(t, out, "github.com/spf13/cobra\n")
	b, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	assert.Equal(t, goMod, string(b))
	assert.NoFileExists(t, "go.sum")

	require.NoError(t, os.WriteFile("go.work", []byte("go 1.26.0\n\nuse .\n"), 0o666))
	_, err = withCapsize(dir)
	require.ErrorContains(t, err, "a workspace takes no other go.mod")

	t.Chdir(filepath.Join(repository(t), "examples"))
	flags, err = withCapsize(dir)
	require.NoError(t, err)
	assert.Empty(t, flags, "Capsize itself needs no other go.mod")
}

// repository returns the root of this module.
func repository(t *testing.T) string {
	t.Helper()
	dir, _, err := capsize()
	require.NoError(t, err)
	return dir
}
