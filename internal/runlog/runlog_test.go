package runlog

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/history"
)

// die leaves a log as a process does that is killed: its lock is gone, and nothing else.
func (l *Log) die() { _ = l.state.Close() }

func op(i int) history.Op {
	return history.Op{Index: i, Time: time.Duration(i) * time.Millisecond, Process: i, Type: history.Invoke, Input: i}
}

func begin(t *testing.T, dir, run string, ops int) *Log {
	t.Helper()
	l, err := Create(dir)
	require.NoError(t, err)
	require.NoError(t, l.Begin([]byte(run)))
	for i := range ops {
		l.Add(op(i))
	}
	require.NoError(t, l.Err())
	return l
}

func TestFind(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	found, err := Find(dir)
	require.NoError(t, err)
	assert.Empty(t, found, "there is no such folder")

	l := begin(t, dir, `{"seed": 7}`, 5000) // several parts
	found, err = Find(dir)
	require.NoError(t, err)
	assert.Empty(t, found, "it is in use")

	l.die()
	found, err = Find(dir)
	require.NoError(t, err)
	require.Len(t, found, 1)
	u := found[0]
	assert.Equal(t, `{"seed": 7}`, string(u.Run))
	assert.Equal(t, 5000, u.Ops)
	assert.Equal(t, 4999*time.Millisecond, u.Until)
	assert.Len(t, u.Last, lastOps)
	assert.Contains(t, u.Last[4], `"index":4999`)
	assert.False(t, u.Judging)
	f, err := os.Open(filepath.Join(u.Dir, HistoryFile))
	require.NoError(t, err)
	defer f.Close()
	h, err := history.Read(f, "")
	require.NoError(t, err)
	assert.Equal(t, 5000, h.Len())

	again, err := Find(dir)
	require.NoError(t, err)
	assert.Empty(t, again, "it was found, and not released")
	kept, err := u.Keep(filepath.Join(dir, ".kept"))
	require.NoError(t, err)
	assert.FileExists(t, filepath.Join(kept, HistoryFile))
	again, err = Find(dir)
	require.NoError(t, err)
	assert.Empty(t, again)
}

// TestTorn has a process die within a write: the line that is not complete is cut off.
func TestTorn(t *testing.T) {
	dir := t.TempDir()
	l := begin(t, dir, "{}", 3)
	require.NoError(t, l.ops.write([]byte(`{"index":3,"ti`)))
	l.die()
	found, err := Find(dir)
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Equal(t, 3, found[0].Ops)
	b, err := os.ReadFile(filepath.Join(found[0].Dir, HistoryFile))
	require.NoError(t, err)
	assert.Equal(t, 3, strings.Count(string(b), "\n"))
	assert.True(t, strings.HasSuffix(string(b), "}\n"))
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	l := begin(t, dir, `{"seed": 1, "much": "more than the next"}`, 2000)
	require.NoError(t, l.Judge())
	require.NoError(t, l.End())
	require.NoError(t, l.Begin([]byte(`{"seed": 2}`)))
	l.Add(op(0))
	require.NoError(t, l.Judge())
	l.die()
	found, err := Find(dir)
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Equal(t, `{"seed": 2}`, string(found[0].Run))
	assert.Equal(t, 1, found[0].Ops, "nothing is left of the run before")
	assert.True(t, found[0].Judging)
	require.NoError(t, found[0].Remove())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

func TestClose(t *testing.T) {
	root := t.TempDir()
	l := begin(t, filepath.Join(root, "a", "b"), "{}", 1)
	require.NoError(t, l.End())
	require.NoError(t, l.Close())
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	assert.Empty(t, entries, "what was made is removed")

	l = begin(t, root, "{}", 1)
	require.NoError(t, l.Close(), "a run is in progress: a panic is under way")
	assert.DirExists(t, l.Dir())
	require.NoError(t, l.End())
	l.die() // between two runs
	found, err := Find(root)
	require.NoError(t, err)
	assert.Empty(t, found)
	assert.NoDirExists(t, l.Dir())
}

// TestSameRun has the same run cut short twice: the one that recorded more is kept.
func TestSameRun(t *testing.T) {
	dir := t.TempDir()
	for _, ops := range []int{3, 9, 5} {
		begin(t, dir, "{}", ops).die()
	}
	begin(t, dir, `{"other": true}`, 1).die()
	found, err := Find(dir)
	require.NoError(t, err)
	require.Len(t, found, 2)
	assert.Equal(t, 9, max(found[0].Ops, found[1].Ops))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 2)
}

type odd struct{ how string }

func (o odd) MarshalJSON() ([]byte, error) {
	if o.how == "panics" {
		panic("no JSON")
	}
	return nil, errors.New("no JSON")
}

func TestOddValues(t *testing.T) {
	for _, how := range []string{"panics", "fails"} {
		text := appendOp(nil, history.Op{Type: history.Invoke, Input: odd{how}})
		assert.Contains(t, string(text), `"input":"{`+how+`}"`)
	}
}

func TestUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err := Create(filepath.Join(file, "below"))
	assert.ErrorContains(t, err, "keep the run in progress: ")
}

// BenchmarkAdd measures what an op costs.
func BenchmarkAdd(b *testing.B) {
	l, err := Create(b.TempDir())
	require.NoError(b, err)
	defer l.discard()
	type input struct {
		F     string `json:"f"`
		Key   string `json:"key"`
		Value int    `json:"value"`
	}
	o := history.Op{Process: 1, Node: "n1", Type: history.Invoke, Key: "k1", Input: input{"write", "k1", 17}}
	for i := 0; b.Loop(); i++ {
		if i%10000 == 0 {
			require.NoError(b, l.Begin([]byte("{}")))
		}
		o.Index = i
		l.Add(o)
	}
	require.NoError(b, l.End())
}
