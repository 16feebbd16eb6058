package cli

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestShow serves a folder of reports until it is interrupted, with an index that has all runs, and then ends as it should.
func TestShow(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "reports")
	var errs bytes.Buffer
	a := &app{t: t, in: strings.NewReader(""), out: io.Discard, err: &errs}
	a.execute(t.Context(), []string{"run", "--seed", "1", "--duration", "1s", "--nemesis", "none", "--report", dir})
	require.NoError(t, os.Remove(filepath.Join(dir, "index.html")))

	page := serving(t, dir)
	assert.Contains(t, page, "register on raftkv")
	assert.Contains(t, page, "default-src 'none'")
	runs, err := filepath.Glob(filepath.Join(dir, "raftkv-*"))
	require.NoError(t, err)
	require.Len(t, runs, 1)
	assert.Contains(t, serving(t, runs[0]), "capsize run")
	assert.Contains(t, serving(t, filepath.Join(runs[0], "run.txt")), "register on raftkv", "a file is served with its folder")
}

// serving returns what capsize show serves at the address that it prints.
func serving(t *testing.T, path string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	a := &app{in: strings.NewReader(""), out: w, err: io.Discard}
	code := make(chan int)
	go func() { code <- a.execute(ctx, []string{"show", path}) }()
	url, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(url, "http://127.0.0.1:"), url)
	resp, err := http.Get(strings.TrimSpace(url))
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	stop()
	assert.Equal(t, exitValid, <-code)
	return string(text)
}

func TestOpener(t *testing.T) {
	for goos, want := range map[string]string{"linux": "xdg-open", "darwin": "open", "windows": "rundll32", "freebsd": "xdg-open"} {
		name, _ := opener(goos)
		assert.Equal(t, want, name)
	}
}
