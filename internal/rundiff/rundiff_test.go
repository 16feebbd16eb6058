package rundiff_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/rundiff"
)

// kept keeps a run in a folder of its own, as a process of its own would, and reads it.
func kept(t *testing.T, r rundiff.Run, times ...time.Duration) rundiff.Run {
	t.Helper()
	dir := t.TempDir()
	t.Setenv(rundiff.Variable, dir)
	var h history.History
	for _, at := range times {
		h.Add(history.Op{Type: history.Invoke, Time: at, Key: "k"})
	}
	require.NoError(t, rundiff.Write(r, nil, &h))
	runs, err := rundiff.Read(dir)
	require.NoError(t, err)
	require.Len(t, runs, 1)
	return runs[0]
}

func TestCompare(t *testing.T) {
	of := rundiff.Run{Name: "TestStore", Seed: 7, Trace: "1", Verdict: "valid"}
	first := kept(t, of, 1, 2)
	assert.Equal(t, 2, first.Ops)
	other := func(change func(*rundiff.Run)) rundiff.Run {
		r := of
		change(&r)
		return r
	}
	for _, c := range []struct {
		name   string
		second rundiff.Run
		times  []time.Duration
		want   string
	}{
		{"alike", of, []time.Duration{1, 2}, ""},
		{"an op", of, []time.Duration{1, 3}, "line 2 differs"},
		{"shorter", of, []time.Duration{1}, "(it has ended)"},
		{"trace", other(func(r *rundiff.Run) { r.Trace = "2" }), []time.Duration{1, 2}, "traces 1 and 2"},
		{"verdict", other(func(r *rundiff.Run) { r.Verdict = "unknown" }), []time.Duration{1, 2}, "valid and unknown"},
		{"seed", other(func(r *rundiff.Run) { r.Seed = 8 }), []time.Duration{1, 2}, "not of one test and seed"},
		{"decisions", other(func(r *rundiff.Run) { r.Steps = 9 }), []time.Duration{1, 2}, "none of those that were kept"},
	} {
		t.Run(c.name, func(t *testing.T) {
			differs, err := rundiff.Compare(first, kept(t, c.second, c.times...))
			require.NoError(t, err)
			if c.want == "" {
				assert.Empty(t, differs)
				return
			}
			assert.Contains(t, strings.Join(differs, "\n"), c.want)
		})
	}
}

// TestOtherProcess keeps no run of a process that another one has started.
func TestOtherProcess(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(rundiff.Variable, dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "process"), []byte("1"), 0o666))
	require.NoError(t, rundiff.Write(rundiff.Run{Name: "TestStore"}, nil, nil))
	runs, err := rundiff.Read(dir)
	require.NoError(t, err)
	assert.Empty(t, runs)
}
