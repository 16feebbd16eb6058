//go:build unix

package huntcli

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/hunt/campaign"
)

// TestHunt runs a campaign and follows it up.
func TestHunt(t *testing.T) {
	dir := t.TempDir()
	r := typed(t, dir, nil, short("--seeds", "12", "--shrink", "3s")...)
	require.Equal(t, 1, r.code, r.errors)
	assert.Contains(t, r.out, "12 runs of 1 target: ")
	assert.Contains(t, r.errors, "12 of 12 runs: ")
	assert.Contains(t, r.errors, "seeds/s, ")

	x := summaryOf(t, dir, "campaign")
	assert.Equal(t, 12, x.Runs)
	assert.Positive(t, x.Invalid)
	require.NotEmpty(t, x.Signatures)
	s := x.Signatures[0]
	require.NotNil(t, s.Smallest)
	assert.LessOrEqual(t, s.Smallest.After.Operations, 10)
	assert.NotEmpty(t, s.Smallest.Account)
	assert.True(t, exists(dir, s.Page))
	assert.True(t, exists(dir, "campaign", "signatures", s.ID, "failure.txt"))
	assert.Contains(t, s.Smallest.Repeats, "2 of 2 runs alike")
	assert.False(t, exists(dir, "campaign", ".work"))
	failures, damaged, err := campaign.ReadFailures(filepath.Join(dir, "campaign", campaign.FailuresFile))
	require.NoError(t, err)
	assert.Zero(t, damaged)
	assert.Len(t, failures, x.Invalid)

	shown := typed(t, dir, nil, "hunt", "show", s.ID[:4], "--into", "campaign")
	require.Zero(t, shown.code, shown.errors)
	for _, want := range []string{s.Smallest.Command, s.Page, "smallest   ", "needed     without ", "capsize replay " + s.Saved, s.Signature.String()} {
		assert.Contains(t, shown.out, want)
	}
	assert.Contains(t, s.Smallest.Command, "capsize run --system raftkv --bug ack-before-sync --workload register --nemesis crash --nodes 3 --clients 3 --duration 6s --settle 3s --seed ")

	if s.Smallest.Runs > 0 {
		again := typed(t, dir, nil, "replay", s.Saved, "--report", "")
		assert.Equal(t, 1, again.code, again.errors)
		assert.Contains(t, again.out, "not linearizable")
	}

	stats := typed(t, dir, nil, "hunt", "stats", "--json", "--into", "campaign")
	require.Zero(t, stats.code, stats.errors)
	var line statsLine
	require.NoError(t, json.Unmarshal([]byte(stats.out), &line))
	assert.Equal(t, x.Invalid, line.Found)
	assert.Equal(t, 12, line.Runs)

	page, err := os.ReadFile(filepath.Join(dir, "campaign", "index.html"))
	require.NoError(t, err)
	for _, want := range []string{`id="` + s.ID + `"`, `href="./signatures/` + s.ID + `/index.html"`, "default-src 'none'", s.Smallest.Account[0]} {
		assert.Contains(t, string(page), want)
	}
	assert.NotContains(t, string(page), "<script")

	t.Run("more seeds, and no seed twice", func(t *testing.T) {
		before := runsOf(t, filepath.Join(dir, "campaign"))
		r := typed(t, dir, nil, short("--seeds", "14", "--shrink", "0")...)
		require.Equal(t, 1, r.code, r.errors)
		assert.Contains(t, r.out, "this time 2 runs")
		after := runsOf(t, filepath.Join(dir, "campaign"))
		require.Len(t, after, 14)
		assert.Equal(t, before, after[:12])
	})
	t.Run("other settings", func(t *testing.T) {
		r := typed(t, dir, nil, short("--seeds", "14", "--rate", "50")...)
		assert.Equal(t, 3, r.code)
		assert.Contains(t, r.errors, "rate was 100 and is 50")
		assert.Contains(t, r.errors, "campaign/campaign.sqlite")
	})
}

var counted = regexp.MustCompile(`^(\d+) of \d+ runs: `)

// TestKill ends a hunt by SIGKILL in the middle. What it had counted is there, and the same command goes on to what an undisturbed hunt has.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	args := short("--seeds", "60", "--workers", "2", "--shrink", "0")
	cmd := command(dir, nil, args...)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	said := 0
	for s := bufio.NewScanner(stderr); s.Scan(); {
		if m := counted.FindStringSubmatch(s.Text()); m != nil {
			said, _ = strconv.Atoi(m[1])
		}
		if said >= 18 {
			require.NoError(t, cmd.Process.Kill())
			break
		}
	}
	_ = cmd.Wait() // it was killed
	require.Equal(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())

	kept := runsOf(t, filepath.Join(dir, "campaign"))
	assert.GreaterOrEqual(t, len(kept), said, "what was counted is kept")
	require.Less(t, len(kept), 60, "it was killed in the middle")
	r := typed(t, dir, nil, args...)
	require.Equal(t, 1, r.code, r.errors)
	assert.Contains(t, r.out, "this time "+plural(60-len(kept), "run"))
	again := runsOf(t, filepath.Join(dir, "campaign"))

	other := t.TempDir()
	require.Equal(t, 1, typed(t, other, nil, args...).code)
	assert.Equal(t, runsOf(t, filepath.Join(other, "campaign")), again)
	assert.Equal(t, kept, subset(again, kept), "and nothing that was kept is another run now")
}

// subset returns the runs of all that have a seed of some.
func subset(all, some []campaign.Run) (of []campaign.Run) {
	seeds := map[uint64]bool{}
	for _, r := range some {
		seeds[r.Run.Seed] = true
	}
	for _, r := range all {
		if seeds[r.Run.Seed] {
			of = append(of, r)
		}
	}
	return of
}

// TestInterrupt ends a hunt as a terminal does.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	cmd := command(dir, nil, short("--seeds", "100000", "--for", "1h", "--shrink", "0")...)
	var out strings.Builder
	cmd.Stdout = &out
	require.NoError(t, cmd.Start())
	for !exists(dir, "campaign", campaign.FailuresFile) {
		require.Nil(t, cmd.ProcessState)
	}
	for {
		if b, err := os.ReadFile(filepath.Join(dir, "campaign", campaign.FailuresFile)); err == nil && len(b) > 0 {
			break
		}
	}
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait() // the exit code is looked at below
	assert.Equal(t, 1, cmd.ProcessState.ExitCode(), "something was found")
	assert.Contains(t, out.String(), "Interrupted after ")
	assert.True(t, exists(dir, "campaign", "index.html"))
}

// TestTime ends a hunt when its time is up. However little that is, it is no interrupt.
func TestTime(t *testing.T) {
	dir := t.TempDir()
	r := typed(t, dir, nil, short("--for", "300ms", "--shrink", "0")...)
	assert.Contains(t, []int{0, 1}, r.code, r.errors)
	assert.NotContains(t, r.out, "Interrupted")
	assert.Contains(t, r.out, plural(len(runsOf(t, filepath.Join(dir, "campaign"))), "run")+" of 1 target: ")
}

// TestFileLimit has no room for the campaign: the error names the file, no failure is lost, and with room it goes on.
func TestFileLimit(t *testing.T) {
	dir := t.TempDir()
	args := short("--seeds", "60", "--shrink", "0")
	r := typed(t, dir, []string{fileLimit + "=100000"}, args...)
	require.Equal(t, 3, r.code, r.out)
	assert.Contains(t, r.errors, "campaign/campaign.sqlite")
	assert.Contains(t, r.errors, "is the disk full, or is there a limit to the size of files?")
	lost := strings.Count(r.errors, "NOT KEPT: ")
	failures, _, err := campaign.ReadFailures(filepath.Join(dir, "campaign", campaign.FailuresFile))
	require.NoError(t, err)
	require.NotEmpty(t, failures)
	assert.LessOrEqual(t, lost, 2*len(failures))

	r = typed(t, dir, nil, args...)
	require.Equal(t, 1, r.code, r.errors)
	all := runsOf(t, filepath.Join(dir, "campaign"))
	require.Len(t, all, 60)
	found := map[uint64]bool{}
	for _, x := range all {
		found[x.Run.Seed] = x.Run.Signature != nil
	}
	for _, f := range failures {
		assert.True(t, found[f.Run.Seed], "seed %d was found before the disk was full", f.Run.Seed)
	}
}

// TestFullDisk is TestFileLimit with a disk that is full, where one can be mounted.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	place := filepath.Join(dir, "campaign")
	require.NoError(t, os.Mkdir(place, 0o755))
	if err := mountSmall(place, 160<<10); err != nil {
		t.Skip("no small disk can be mounted: ", err)
	}
	defer unmount(place)
	r := typed(t, dir, nil, short("--seeds", "200", "--shrink", "0")...)
	require.Equal(t, 3, r.code, r.out)
	assert.Contains(t, r.errors, "the disk is full")
	assert.Contains(t, r.errors, "campaign")
	failures, _, err := campaign.ReadFailures(filepath.Join(place, campaign.FailuresFile))
	require.NoError(t, err)
	assert.NotEmpty(t, failures)
	c, err := campaign.Read(t.Context(), place)
	if err == nil { // the file is whole: at most what was written last is missing
		assert.NoError(t, c.Close())
	} else {
		assert.ErrorIs(t, err, campaign.ErrFull)
	}
}

// TestRefuses what makes no sense, and names the flag or the file.
func TestRefuses(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o644))
	for _, x := range []struct {
		args string
		want string
	}{
		{"hunt --system raftkv --seeds 0", "--seeds must be at least 1"},
		{"hunt --for -1s", "--for must be more than 0"},
		{"hunt --bug lease-reads", "--bug lease-reads needs --system"},
		{"hunt --system raft", `there is no system "raft", did you mean "raftkv"?`},
		{"hunt --system raftkv --bug nope", `there is no bug "nope" of raftkv`},
		{"hunt --system raftkv --nemesis nope", `there is no nemesis "nope"`},
		{"hunt --system raftkv --workload tally", `there is no workload for raftkv "tally"`},
		{"hunt --race", "name their packages"},
		{"hunt ./x --nodes 3", "--nodes: of the systems of the catalog"},
		{"hunt --shard 3/2", "--shard must be"},
		{"hunt --shards 4", "which one this is"},
		{"hunt --workers 0", "--workers must be at least 1"},
		{"hunt --seed 0", "--seed must be"},
		{"hunt --system raftkv --seeds 1 --into file", "campaign folder file can't be made"},
		{"hunt stats --into nowhere", "there is no campaign in nowhere"},
		{"hunt stats more", "takes flags only"},
		{"hunt show", "takes one SIGNATURE"},
		{"hunt merge", "takes the folders"},
		{"hunt merge a", "needs --into"},
		{"hunt merge nowhere --into all", "there is no campaign in nowhere"},
		{"hunt --nope", `--nope`},
	} {
		r := typed(t, dir, nil, strings.Fields(x.args)...)
		assert.Equal(t, 3, r.code, x.args)
		assert.Contains(t, r.errors, x.want, x.args)
		assert.Empty(t, r.out, x.args)
	}
}
