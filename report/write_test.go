package report

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	index, err := Write(dir, invalidRun(400))
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(dir, "index.html"), index)
	for _, name := range []string{"index.html", "run.txt", "history.jsonl", "linearizable.html"} {
		assert.FileExists(t, filepath.Join(dir, name))
	}
	page, err := os.ReadFile(index)
	require.NoError(t, err)
	assert.Contains(t, string(page), `href="./linearizable.html"`)
}

func TestWriteStaysInItsFolder(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "a", "b")
	_, err := Write(dir, hostileRun())
	require.NoError(t, err)
	outside, err := filepath.Glob(filepath.Join(top, "*"))
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(top, "a")}, outside)
	page, err := os.ReadFile(filepath.Join(dir, "index.html"))
	require.NoError(t, err)
	assert.Contains(t, string(page), "<!doctype html>", "a check's index.html does not replace the page")
	assert.FileExists(t, filepath.Join(dir, "index-2.html"))
	assert.FileExists(t, filepath.Join(dir, "up"))
	assert.FileExists(t, filepath.Join(dir, "file"))
}

func TestWriteErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err := Write(filepath.Join(file, "dir"), Run{})
	require.ErrorContains(t, err, "folder of the report")

	broken := errors.New("disk full")
	w := writerFunc(func([]byte) (int, error) { return 0, broken })
	require.ErrorIs(t, Text(w, Run{}, Style{}), broken)
	require.ErrorIs(t, Picture(w, Run{}, Style{}), broken)
	require.ErrorIs(t, HTML(w, Run{}), broken)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestWriteContext: once the context has ended, drawing asks a model no more, and the report is written all the same.
func TestWriteContext(t *testing.T) {
	asked := 0
	m := model.Register()
	step := m.Step
	m.Access, m.Step = nil, func(s int, in model.RegisterOp, out int) (int, bool) {
		asked++
		return step(s, in, out)
	}
	h := history.Of()
	for i := range 3 {
		h.Add(history.Op{Process: i, Type: history.Invoke, Input: model.RegisterOp{F: "read"}})
		h.Add(history.Op{Process: i, Type: history.OK, Output: i})
	}
	r := linearizable.New(m).Check(t.Context(), h).Explain(t.Context())
	require.Equal(t, checker.Invalid, r.Verdict)
	written := func(ctx context.Context) bool {
		asked = 0
		dir := t.TempDir()
		_, err := WriteContext(ctx, dir, Run{History: h, Checks: []checker.Result{r}})
		require.NoError(t, err)
		return fileExists(filepath.Join(dir, "linearizable.html"))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.False(t, written(ended))
	require.Zero(t, asked)
	require.True(t, written(t.Context()))
	require.Positive(t, asked)
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// TestAPageLeadsToTheIndex has one, none, and an address that is none.
func TestAPageLeadsToTheIndex(t *testing.T) {
	for address, want := range map[string]bool{"../index.html": true, "": false, "javascript:alert(1)": false} {
		var page bytes.Buffer
		require.NoError(t, HTML(&page, Run{Index: address}))
		assert.Equal(t, want, strings.Contains(page.String(), `<a href="../index.html">All runs</a>`), address)
		assert.NotContains(t, page.String(), "javascript:alert")
	}
}

// TestWriteToFullDisk says once that there was no room.
func TestWriteToFullDisk(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip("there is no ", full)
	}
	dir := t.TempDir()
	require.NoError(t, os.Symlink(full, filepath.Join(dir, historyFile)))
	err := writeHistory(dir, invalidRun(4000))
	require.Error(t, err)
	assert.Equal(t, 1, strings.Count(err.Error(), "no space left"), err)
}
