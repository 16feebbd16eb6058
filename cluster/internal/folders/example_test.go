package folders_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster/internal/folders"
)

func ExampleFolders() {
	var f folders.Folders
	dir, err := f.Get("n1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(filepath.Base(dir))
	f.Remove()
	_, err = f.Get("n1")
	fmt.Println(err)
	// Output:
	// n1
	// the run is over
}

// TestRenew has a file open while its folder is renewed: the copy has what was written before, and nothing that is written after.
func TestRenew(t *testing.T) {
	var f folders.Folders
	t.Cleanup(f.Remove)
	require.NoError(t, f.Renew("n1"), "there is none")
	dir, err := f.Get("n1")
	require.NoError(t, err)
	name := filepath.Join(dir, "sub", "log")
	require.NoError(t, os.Mkdir(filepath.Dir(name), 0o700))
	open, err := os.Create(name)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, open.Close()) })
	_, err = open.WriteString("before ")
	require.NoError(t, err)
	require.NoError(t, f.Renew("n1"))
	_, err = open.WriteString("after")
	require.NoError(t, err)
	again, err := f.Get("n1")
	require.NoError(t, err)
	assert.Equal(t, dir, again)
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, "before ", string(b))
	was, err := open.Stat()
	require.NoError(t, err)
	is, err := os.Stat(name)
	require.NoError(t, err)
	assert.False(t, os.SameFile(was, is))
}
