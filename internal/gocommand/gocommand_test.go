package gocommand_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/gocommand"
)

// TestPaths has a test run in the folder of its package, as go test does.
func TestPaths(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	pkg := filepath.Join(root, "a", "b")
	require.NoError(t, os.MkdirAll(pkg, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), nil, 0o644))
	t.Chdir(pkg)
	gotRoot, gotPkg := gocommand.ModuleRoot()
	assert.Equal(t, root, gotRoot)
	assert.Equal(t, "a/b", gotPkg)
	assert.Equal(t, "./a/b", gocommand.Package())
	assert.Equal(t, "a/b/testdata/x", gocommand.FromRoot(filepath.Join("testdata", "x")))
	assert.Equal(t, "go.mod", gocommand.FromRoot(filepath.Join(root, "go.mod")))
	t.Chdir(root)
	assert.Equal(t, ".", gocommand.Package())
	assert.Equal(t, ".", gocommand.PackageAt(root))
	assert.Equal(t, "./a/b", gocommand.PackageAt(pkg))
	assert.Equal(t, filepath.Dir(root), gocommand.PackageAt(filepath.Dir(root)))
}
