package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/internal/tier"
)

// TestBugsAreFound runs what list bugs says finds each bug: the command with that nemesis
// and seed, and the default of every other flag. Out of the long loop it runs one bug of each
// system, and under -short only of those whose histories are quickly judged: that each bug is
// found, the tests of the system itself show.
func TestBugsAreFound(t *testing.T) {
	for _, s := range systems.All() {
		for i, b := range s.Bugs {
			f, ok := systems.FindingOf(s.Name, b.Name)
			require.True(t, ok)
			if !tier.Sweeping() && (i > 0 || testing.Short() && s.Workload != "") {
				continue
			}
			t.Run(s.Name+"/"+b.Name, func(t *testing.T) {
				require.Equal(t, "invalid", verdictOf(t, append(f.Args(s.Name, b.Name), shortened(s.Name, b.Name)...)))
			})
		}
	}
}

// late are the bugs that the first 20 seconds of the run in findings do not show.
var late = map[string]bool{
	"raftkv/lease-reads": true, "raftkv/forget-sessions": true, "registerkv/no-write-back": true, "quorumkv/drop-hints": true,
	"twopc/forget-commit": true, "quorumkv/timeout-is-failure": true, "quorumkv/reap-tombstones": true, "quorumkv/coarse-ranges": true,
}

// shortened returns what shortens a run that finds a bug. A run of 20 seconds has the calls and
// faults with which the one of a minute begins, so it shows most bugs as well, for a third of
// the processor time. The long loop runs the minute that list bugs names. The plan of nemesis
// all depends on how long the run is, so such a run is not shortened.
func shortened(system, bug string) []string {
	name := system + "/" + bug
	f, _ := systems.FindingOf(system, bug)
	if tier.Sweeping() || late[name] || f.Nemesis == "all" || strings.Contains(f.Flags, "--duration") {
		return nil
	}
	return []string{"--duration", "20s"}
}

// TestFirstSeeds holds the first seeds to their name: those before them find nothing.
func TestFirstSeeds(t *testing.T) {
	if !tier.Sweeping() {
		t.Skip("CAPSIZE_SEEDS=1 go test -run FirstSeeds ./internal/cli")
	}
	for _, s := range systems.All() {
		for _, b := range s.Bugs {
			f, _ := systems.FindingOf(s.Name, b.Name)
			for last := f.Seed; f.Seed > 1; {
				f.Seed--
				assert.NotEqual(t, "invalid", verdictOf(t, f.Args(s.Name, b.Name)), "%s of %s: seed %d, before %d", b.Name, s.Name, f.Seed, last)
			}
		}
	}
}

// whole are the systems that need all of their nodes: twopc has one copy of each key, and promises nothing while its node is away.
var whole = map[string]bool{"twopc": true, "retryclient": true}

// TestCore runs each system with a core that heals while the others stay as they are: what
// is left must work, and stabilize.
func TestCore(t *testing.T) {
	for _, s := range systems.All() {
		if whole[s.Name] {
			continue
		}
		for seed := range tier.Seeds(t, 1, 1) {
			args := []string{"run", "--system", s.Name, "--core", "--nemesis", "all", "--duration", "12s", "--seed", fmt.Sprint(seed + 1)}
			assert.Equal(t, "valid", verdictOf(t, args), "%s, seed %d", s.Name, seed+1)
		}
	}
}

// verdictOf runs the command and returns the verdict that it prints.
func verdictOf(t *testing.T, args []string) string {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{t: t, in: strings.NewReader(""), out: &out, err: &errs}
	a.execute(context.Background(), append(args, "--json", "--report", ""))
	var l struct {
		Verdict string `json:"verdict"`
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &l), "%s%s", out.String(), errs.String())
	return l.Verdict
}

// TestListBugs names a nemesis and a seed in each row.
func TestListBugs(t *testing.T) {
	var out bytes.Buffer
	a := &app{t: t, in: strings.NewReader(""), out: &out, err: &out}
	require.Equal(t, exitValid, a.execute(t.Context(), []string{"list", "bugs"}))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.Regexp(t, `^BUGS +NEMESIS +FIRST SEED$`, lines[0])
	assert.Regexp(t, `^  volatile-vote +blackouts +1 +raftkv: term and vote`, strings.Join(lines[5:6], ""))
	for _, l := range lines[1:] {
		assert.Regexp(t, `^  [a-z-]+ +[a-z-]+( --[a-z]+( [a-z0-9-]+)?)* +[1-9][0-9]* +[a-z]+: `, l)
	}
}

// TestHint names a run that finds the bugs of a run which did not.
func TestHint(t *testing.T) {
	var out bytes.Buffer
	a := &app{t: t, in: strings.NewReader(""), out: &out, err: &out}
	args := []string{"run", "--bug", "volatile-vote,no-pre-vote", "--nemesis", "none", "--duration", "3s", "--seed", "1", "--report", ""}
	require.Equal(t, exitValid, a.execute(t.Context(), args), out.String())
	assert.Contains(t, out.String(), "\nThese bugs were not found here. Runs that find each:\n")
	assert.Contains(t, out.String(), "run --system raftkv --bug volatile-vote --nemesis blackouts --seed 1\n")
	assert.Contains(t, out.String(), "run --system raftkv --bug no-pre-vote --nemesis all --core --seed 1\n")
}
