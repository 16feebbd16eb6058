package campaign

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/huntrun"
)

var (
	raft     = Target{System: "raftkv", Bug: "lease-reads", Workload: "register", Nemesis: "leader"}
	crash    = Target{System: "raftkv", Bug: "lease-reads", Workload: "register", Nemesis: "crash"}
	stale    = &huntrun.Signature{Checker: "linearizable", Anomaly: "a newer value had replaced it", Shape: "read ok"}
	settings = Settings{"nodes": "5", "targets": TargetsSetting([]Target{raft, crash})}
	version  = Version{"v1", "go1.26", "go1.26", "abc"}
)

func open(t *testing.T, dir string) (*Campaign, error) {
	t.Helper()
	c, err := Open(t.Context(), dir, settings, []Target{raft, crash}, Whole, Shared)
	if err == nil {
		t.Cleanup(func() { _ = c.Close() })
	}
	return c, err
}

func mustOpen(t *testing.T, dir string) *Campaign {
	t.Helper()
	c, err := open(t, dir)
	require.NoError(t, err)
	return c
}

// valid and invalid return runs.
func valid(t Target, seed uint64) Run {
	return Run{t, huntrun.Outcome{Seed: seed, Verdict: huntrun.Valid, Trace: "00", Exercised: []byte(`{"ok":7}`), CPU: 3, Virtual: 5}, version}
}

func invalid(t Target, seed uint64, weight int) Run {
	return Run{t, huntrun.Outcome{Seed: seed, Verdict: huntrun.Invalid, Reason: "why", Signature: stale, Weight: weight, Digest: "ff", Trace: "01", CPU: 3, Virtual: 5, Schedule: "random/5"}, version}
}

func allRuns(t *testing.T, c *Campaign) (all []Run) {
	t.Helper()
	require.NoError(t, c.All(t.Context(), func(r Run) error { all = append(all, r); return nil }))
	return all
}

// TestRunsAreKept writes runs, closes the file, and reads the same runs.
func TestRunsAreKept(t *testing.T) {
	dir := t.TempDir()
	c := mustOpen(t, dir)
	runs := []Run{valid(raft, 1), invalid(raft, 2, 900), invalid(raft, 5, 300), invalid(crash, 2, 500)}
	require.NoError(t, c.Add(t.Context(), runs...))
	require.NoError(t, c.Add(t.Context(), invalid(raft, 1, 4)), "it is there already")
	require.NoError(t, c.Close())

	c, err := Read(t.Context(), dir)
	require.NoError(t, err)
	defer c.Close()
	assert.Equal(t, runs, allRuns(t, c))
	done, err := c.Done(t.Context(), raft)
	require.NoError(t, err)
	assert.Equal(t, map[uint64]bool{1: true, 2: true, 5: true}, done)
	counts, err := c.Counts(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []Count{
		{Target: raft, Valid: 1, Invalid: 2, CPU: 9, Virtual: 15, Seeds: []uint64{2, 5}, Signatures: 1},
		{Target: crash, Invalid: 1, CPU: 3, Virtual: 5, Seeds: []uint64{2}, Signatures: 1},
	}, counts)
	groups, err := c.Groups(t.Context())
	require.NoError(t, err)
	require.Len(t, groups, 1, "one subject, one signature, two nemeses")
	g := groups[0]
	assert.Equal(t, 3, g.Count)
	assert.Equal(t, []uint64{5, 2, 2}, g.Seeds)
	assert.Equal(t, []string{raft.String(), crash.String()}, g.Targets)
	assert.Equal(t, invalid(raft, 5, 300), g.First, "the one with the fewest ops")
	assert.Nil(t, g.Smallest)
	found, err := c.Find(t.Context(), g.ID[:3])
	require.NoError(t, err)
	assert.Equal(t, g, found)
	_, err = c.Find(t.Context(), "none")
	assert.ErrorContains(t, err, g.ID)
}

// TestSmallest keeps the smallest of several reproductions, and has the best of those tried that were not.
func TestSmallest(t *testing.T) {
	c := mustOpen(t, t.TempDir())
	ctx := t.Context()
	seeds := func() (all []uint64) {
		runs, err := c.ToTry(ctx, 3)
		require.NoError(t, err)
		for _, r := range runs {
			all = append(all, r.Run.Seed)
		}
		return all
	}
	require.NoError(t, c.Add(ctx, invalid(raft, 2, 900), Run{raft, huntrun.Outcome{Seed: 9, Verdict: huntrun.Died, Signature: &huntrun.Signature{Checker: "process"}}, version}))
	assert.Equal(t, []uint64{2}, seeds(), "what died can't be made small")
	better, err := c.Tried(ctx, invalid(raft, 2, 900), &huntrun.Smallest{Seed: 2, After: huntrun.Size{Faults: 2}, Page: "index.html"})
	require.NoError(t, err)
	assert.True(t, better)
	assert.Empty(t, seeds())
	require.NoError(t, c.Add(ctx, invalid(raft, 3, 500)))
	assert.Empty(t, seeds(), "it is not much smaller")
	require.NoError(t, c.Add(ctx, invalid(crash, 4, 100)))
	assert.Equal(t, []uint64{4}, seeds())
	better, err = c.Tried(ctx, invalid(crash, 4, 100), &huntrun.Smallest{Seed: 4, After: huntrun.Size{Faults: 3}})
	require.NoError(t, err)
	assert.False(t, better)
	require.NoError(t, c.Add(ctx, invalid(crash, 5, 20)))
	better, err = c.Tried(ctx, invalid(crash, 5, 20), &huntrun.Smallest{Seed: 5, After: huntrun.Size{Faults: 1}})
	require.NoError(t, err)
	assert.True(t, better)
	require.NoError(t, c.Add(ctx, invalid(crash, 6, 2)))
	assert.Empty(t, seeds(), "three were tried")
	g, err := c.Find(ctx, SignatureID(raft, stale))
	require.NoError(t, err)
	assert.Equal(t, uint64(5), g.Smallest.Seed)
	assert.Equal(t, crash, g.SmallOf)
}

// TestSettingsAreHeld refuses to go on with other settings, and says which differ.
func TestSettingsAreHeld(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, mustOpen(t, dir).Close())
	_, err := Open(t.Context(), dir, Settings{"nodes": "3", "targets": settings["targets"]}, nil, Whole, Shared)
	require.ErrorIs(t, err, ErrSettings)
	assert.ErrorContains(t, err, "nodes was 5 and is 3")
	assert.ErrorContains(t, err, filepath.Join(dir, File))
	_, err = Open(t.Context(), dir, settings, nil, Shard{1, 2}, Shared)
	require.ErrorIs(t, err, ErrSettings)
	assert.ErrorContains(t, err, "the shards were 1/1 and are 1/2")
}

// TestOneWriter refuses a second hunt, and lets others read.
func TestOneWriter(t *testing.T) {
	dir := t.TempDir()
	c := mustOpen(t, dir)
	_, err := open(t, dir)
	require.ErrorIs(t, err, ErrBusy)
	assert.ErrorContains(t, err, filepath.Join(dir, File))
	require.NoError(t, c.Add(t.Context(), valid(raft, 1)))
	r, err := Read(t.Context(), dir)
	require.NoError(t, err)
	assert.Len(t, allRuns(t, r), 1, "while a hunt writes")
	require.NoError(t, r.Close())
	require.NoError(t, c.Close())
	_, err = open(t, dir)
	assert.NoError(t, err)
}

// TestExclusive needs no shared memory, and lets no other process read.
func TestExclusive(t *testing.T) {
	dir := t.TempDir()
	c, err := Open(t.Context(), dir, settings, []Target{raft, crash}, Whole, Exclusive)
	require.NoError(t, err)
	require.NoError(t, c.Add(t.Context(), valid(raft, 1), invalid(raft, 2, 1)))
	assert.NoFileExists(t, filepath.Join(dir, File+"-shm"))
	_, _, err = openFile(dir, reading)
	require.ErrorIs(t, err, ErrBusy)
	assert.ErrorContains(t, err, filepath.Join(dir, File))
	require.NoError(t, c.Close())
	r, err := Read(t.Context(), dir)
	require.NoError(t, err)
	assert.Len(t, allRuns(t, r), 2)
	assert.NoError(t, r.Close())
}

// TestAnotherProgramWrites has a database that is locked by a program that is no hunt.
func TestAnotherProgramWrites(t *testing.T) {
	dir := t.TempDir()
	c := mustOpen(t, dir)
	db, _, err := openFile(dir, Shared)
	require.NoError(t, err)
	defer db.Close()
	tx, err := db.Begin() // immediate: it is for writing
	require.NoError(t, err)
	_, err = c.db.Exec("PRAGMA busy_timeout = 10")
	require.NoError(t, err)
	err = c.Add(t.Context(), valid(raft, 1))
	require.ErrorIs(t, err, ErrBusy)
	assert.ErrorContains(t, err, filepath.Join(dir, File))
	require.NoError(t, tx.Rollback())
	assert.NoError(t, c.Add(t.Context(), valid(raft, 1)))
}

// full has some hundred runs in it.
func full(t *testing.T) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	c := mustOpen(t, dir)
	var runs []Run
	for i := range uint64(300) {
		runs = append(runs, valid(raft, i+1))
	}
	require.NoError(t, c.Add(t.Context(), append(runs, invalid(crash, 7, 50), invalid(crash, 8, 50))...))
	require.NoError(t, c.Close())
	return dir, filepath.Join(dir, File)
}

// TestDamage shows that damage of any kind is an error with the name of the file, and loses no failure.
func TestDamage(t *testing.T) {
	for name, damage := range map[string]func(b []byte) []byte{
		"half a page is missing": func(b []byte) []byte { return b[:len(b)-2048] },
		"half of the first page": func(b []byte) []byte { return b[:2048] },
		"half of the file":       func(b []byte) []byte { return b[:len(b)/2/4096*4096+100] },
		"the header":             func(b []byte) []byte { copy(b, "no database at all"); return b },
		"zeros in the middle":    func(b []byte) []byte { clear(b[5*4096 : 5*4096+2048]); return b },
		"another kind of file":   func([]byte) []byte { return []byte("Dear reader,\n") },
	} {
		t.Run(name, func(t *testing.T) {
			dir, file := full(t)
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(file, damage(b), 0o644))
			_, err = open(t, dir)
			require.ErrorIs(t, err, ErrDamaged)
			assert.ErrorContains(t, err, file)
			assert.ErrorContains(t, err, filepath.Join(dir, FailuresFile))
			_, err = Read(t.Context(), dir)
			require.ErrorIs(t, err, ErrDamaged)

			require.NoError(t, os.Remove(file))
			_ = os.Remove(file + "-wal") // it may not be there
			_ = os.Remove(file + "-shm")
			c := mustOpen(t, dir)
			assert.Equal(t, []Run{invalid(crash, 7, 50), invalid(crash, 8, 50)}, allRuns(t, c), "the failures are there")
			assert.Contains(t, strings.Join(c.Notes, "\n"), "2 failures were read from failures.jsonl")
		})
	}
}

// TestFailuresThatAreCutOff are left out, and the next one is on a line of its own.
func TestFailuresThatAreCutOff(t *testing.T) {
	dir, file := full(t)
	failures := filepath.Join(dir, FailuresFile)
	b, err := os.ReadFile(failures)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(failures, b[:len(b)-20], 0o644))
	require.NoError(t, os.Remove(file))
	c := mustOpen(t, dir)
	assert.Len(t, allRuns(t, c), 1)
	assert.Contains(t, strings.Join(c.Notes, "\n"), "1 damaged lines")
	require.NoError(t, c.Add(t.Context(), invalid(crash, 9, 1)))
	all, damaged, err := ReadFailures(failures)
	require.NoError(t, err)
	assert.Equal(t, 1, damaged)
	assert.Len(t, all, 2)
}

// TestOtherFiles are refused: an SQLite file of another program, and one of another version.
func TestOtherFiles(t *testing.T) {
	for name, x := range map[string]struct{ pragma, want string }{
		"another program": {"application_id = 7", "another program"},
		"another version": {"user_version = 99", "has version 99 of the tables, and this capsize reads version 1"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, file := full(t)
			db, _, err := openFile(dir, Shared)
			require.NoError(t, err)
			_, err = db.Exec("PRAGMA " + x.pragma)
			require.NoError(t, err)
			require.NoError(t, db.Close())
			_, err = open(t, dir)
			require.ErrorIs(t, err, ErrVersion)
			assert.ErrorContains(t, err, x.want)
			assert.ErrorContains(t, err, file)
		})
	}
}

// TestFolders that can't be made or written are named.
func TestFolders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err := open(t, filepath.Join(file, "campaign"))
	assert.ErrorContains(t, err, "campaign folder "+filepath.Join(file, "campaign")+" can't be made")
	_, err = Read(t.Context(), t.TempDir())
	assert.ErrorIs(t, err, ErrNone)

	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o500))
	if os.WriteFile(filepath.Join(dir, "x"), nil, 0o644) == nil {
		t.Skip("this user may write anywhere")
	}
	_, err = open(t, dir)
	assert.ErrorContains(t, err, "campaign folder "+dir+" can't be written")
}

// TestMerge joins shards, twice, and into what one campaign would be.
func TestMerge(t *testing.T) {
	root := t.TempDir()
	ctx := t.Context()
	var dirs []string
	whole := mustOpen(t, filepath.Join(root, "whole"))
	for n := 1; n <= 2; n++ {
		shard := Shard{n, 2}
		dir := filepath.Join(root, "shard", shard.String())
		dirs = append(dirs, dir)
		c, err := Open(ctx, dir, settings, []Target{raft, crash}, shard, Shared)
		require.NoError(t, err)
		for i := range uint64(10) {
			r := valid(raft, i+1)
			if i%4 == 0 {
				r = invalid(raft, i+1, int(i)+1)
			}
			if shard.Has(i) {
				require.NoError(t, c.Add(ctx, r))
				require.NoError(t, whole.Add(ctx, r))
			}
		}
		require.NoError(t, os.MkdirAll(filepath.Join(dir, PagesDir, SignatureID(raft, stale)), 0o755))
		if n == 1 {
			_, err = c.Tried(ctx, invalid(raft, 1, 1), &huntrun.Smallest{Seed: 1, After: huntrun.Size{Faults: 1}, Page: "index.html"})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, PagesDir, SignatureID(raft, stale), "index.html"), []byte("page"), 0o644))
		}
		require.NoError(t, c.Close())
	}
	into := filepath.Join(root, "all")
	for _, want := range []int{10, 0} {
		added, err := Merge(ctx, into, dirs...)
		require.NoError(t, err)
		assert.Equal(t, want, added)
		c, err := Read(ctx, into)
		require.NoError(t, err)
		assert.Equal(t, allRuns(t, whole), allRuns(t, c))
		g, err := c.Find(ctx, SignatureID(raft, stale))
		require.NoError(t, err)
		assert.Equal(t, uint64(1), g.Smallest.Seed)
		page, err := os.ReadFile(filepath.Join(into, filepath.FromSlash(g.Page())))
		require.NoError(t, err)
		assert.Equal(t, "page", string(page))
		shards, err := c.Shards(ctx)
		require.NoError(t, err)
		assert.Equal(t, []Shard{{1, 2}, {2, 2}}, shards)
		require.NoError(t, c.Close())
	}
	failures, _, err := ReadFailures(filepath.Join(into, FailuresFile))
	require.NoError(t, err)
	assert.Len(t, failures, 3, "each once")
}

// TestMergeRefuses what does not belong together.
func TestMergeRefuses(t *testing.T) {
	root := t.TempDir()
	make := func(name string, s Settings, shard Shard, runs ...Run) string {
		dir := filepath.Join(root, name)
		c, err := Open(t.Context(), dir, s, []Target{raft, crash}, shard, Shared)
		require.NoError(t, err)
		require.NoError(t, c.Add(t.Context(), runs...))
		require.NoError(t, c.Close())
		return dir
	}
	a := make("a", settings, Shard{1, 2}, valid(raft, 1))
	b := make("b", Settings{"nodes": "3", "targets": settings["targets"]}, Shard{2, 2})
	third := make("third", settings, Shard{2, 3})
	again := make("again", settings, Shard{1, 2}, invalid(raft, 1, 1))
	_, err := Merge(t.Context(), filepath.Join(root, "ab"), a, b)
	require.ErrorIs(t, err, ErrSettings)
	assert.ErrorContains(t, err, "nodes was 5 and is 3")
	_, err = Merge(t.Context(), filepath.Join(root, "a3"), a, third)
	assert.ErrorIs(t, err, ErrSettings)
	_, err = Merge(t.Context(), a, a)
	assert.ErrorContains(t, err, "into itself")
	_, err = Merge(t.Context(), filepath.Join(root, "aa"), a, again)
	assert.ErrorContains(t, err, "seed 1 of raftkv bug lease-reads, register, leader is invalid in "+filepath.Join(again, File)+" and valid in "+filepath.Join(root, "aa", File))
	_, err = Merge(t.Context(), filepath.Join(root, "none"), filepath.Join(root, "nothing"))
	assert.ErrorIs(t, err, ErrNone)
	_, err = Merge(context.Background(), filepath.Join(root, "none"))
	assert.Error(t, err)
	assert.False(t, errors.Is(err, ErrNone))
}
