package index

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/result"
)

// run is a run of a seed that is invalid for a reason.
func run(seed uint64, bug, reason string) result.Result {
	return result.Result{
		Title: "register on raftkv", System: "raftkv", Bug: bug, Workload: "register", Nemesis: "partition", Seed: seed,
		Verdict: checker.Invalid, Headline: "not linearizable", Reason: reason, Command: fmt.Sprint("capsize run --seed ", seed),
	}
}

// keepIn keeps a run in a folder of its own.
func keepIn(t *testing.T, dir, name string, r result.Result) {
	t.Helper()
	folder := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(folder, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "index.html"), nil, 0o644))
	require.NoError(t, keep(folder, r, time.Unix(int64(r.Seed), 0)))
}

func readPage(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, File))
	require.NoError(t, err)
	return string(text)
}

func TestPageHasWhatARunIs(t *testing.T) {
	dir := t.TempDir()
	keepIn(t, dir, "a", run(7, "lease-reads", "k2: process 4 read 56"))
	page := readPage(t, dir)
	for _, want := range []string{"register on raftkv", "lease-reads", "partition", ">7<", "not linearizable", "k2: process 4 read 56", "1970-01-01 00:00 UTC", `href="./a/index.html"`, "capsize run --seed 7"} {
		require.Contains(t, page, want)
	}
	require.Contains(t, page, "default-src 'none'")
	for _, bad := range []string{"<script", "http://", "https://"} {
		require.NotContains(t, page, bad)
	}
}

// TestReasonsAreGrouped joins failures that differ in numbers only.
func TestReasonsAreGrouped(t *testing.T) {
	dir := t.TempDir()
	keepIn(t, dir, "a", run(2, "x", "k2: process 1 read 23, but 78 had replaced it 10ms before"))
	keepIn(t, dir, "b", run(1, "x", "k17: process 104 read 2, but 7 had replaced it 1.5s before"))
	keepIn(t, dir, "c", run(3, "x", "n2 panicked"))
	groups := Scan(dir).Groups()
	require.Len(t, groups, 2)
	require.Len(t, groups[0].Members, 2)
	require.Equal(t, uint64(1), groups[0].Members[0].Seed)
	require.Equal(t, "n2 panicked", groups[1].Reason)
}

// TestSweepLeadsToItsRuns has a cell for each seed, with its page and its command.
func TestSweepLeadsToItsRuns(t *testing.T) {
	dir := t.TempDir()
	keepIn(t, dir, "seed-2", run(2, "x", "why"))
	sweep := result.Sweep{Title: "register on raftkv", Bug: "x", Nemesis: "partition", Wanted: 3, Command: "capsize run --seed 1 --seeds 3", Seeds: []result.Seed{
		{Seed: 1, Command: "capsize run --seed 1"}, {Seed: 2, Verdict: checker.Invalid, Headline: "not linearizable", Reason: "why", Folder: "seed-2", Command: "capsize run --seed 2"},
	}}
	require.NoError(t, sweep.Write(filepath.Join(dir, "sweep"), time.Unix(0, 0)))
	require.NoError(t, Update(dir))
	page := readPage(t, dir)
	require.Contains(t, page, "capsize run --seed 1 --seeds 3")
	require.Contains(t, page, "interrupted after 2 of 3")
	require.Contains(t, page, `✗ <a href="./seed-2/index.html">2</a>`)
	require.Contains(t, page, "✓ capsize run --seed 1\n")
	require.Len(t, Scan(dir).Groups()[0].Members, 1, "a run of a sweep with a page is one run")
}

// TestPairs are of one seed, and differ in the bug.
func TestPairs(t *testing.T) {
	dir := t.TempDir()
	fixed := run(3, "", "")
	fixed.Verdict = checker.Valid
	keepIn(t, dir, "fixed", fixed)
	keepIn(t, dir, "buggy", run(3, "x", "why"))
	keepIn(t, dir, "other", run(4, "x", "why"))
	pairs := Scan(dir).Pairs()
	require.Len(t, pairs, 1)
	require.Equal(t, "buggy", pairs[0].A.Folder)
	require.Contains(t, readPage(t, dir), "--html "+filepath.Base(dir)+"/"+ComparePage("buggy", "fixed"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ComparePage("buggy", "fixed")), nil, 0o644))
	require.NoError(t, Update(dir))
	require.Contains(t, readPage(t, dir), `href="./`+ComparePage("buggy", "fixed"))
}

// TestDamageIsSkipped shows the other runs, and names what it skips without the path of this machine.
func TestDamageIsSkipped(t *testing.T) {
	dir := t.TempDir()
	for name, file := range map[string]string{"cut": result.File, "old": "run.json", "swept": result.SweepFile} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, name), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name, file), []byte(`{"seed": 1`), 0o644))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "foreign"), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "cap"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cap", "cap.html"), nil, 0o644))
	keepIn(t, dir, "good", run(1, "", "why"))
	f := Scan(dir)
	require.Len(t, f.Runs, 1)
	require.Equal(t, []string{"cap/cap.html"}, f.Pages)
	require.Len(t, f.Skipped, 4)
	page := readPage(t, dir)
	for _, want := range []string{"cut: damaged: result.json", "old: damaged: run.json", "swept: damaged: sweep.json", "foreign: it has no result.json"} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, dir)
}

// TestRunsOfOlderVersions have a run.json and no result.
func TestRunsOfOlderVersions(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "old"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "old", "run.json"), []byte(`{"system":"raftkv","workload":"register","seed":9,"verdict":"invalid","reason":"old reason"}`), 0o644))
	f := Scan(dir)
	require.Len(t, f.Runs, 1)
	require.Equal(t, "old reason", f.Runs[0].Reason)
	require.False(t, f.Runs[0].When.IsZero())
	require.NoError(t, Update(dir))
	page := readPage(t, dir)
	require.NotContains(t, page, "old/index.html", "it has no page")
	require.Contains(t, page, "capsize replay "+filepath.Base(dir)+"/old", "which is how one gets it")
}

// TestHostileTextIsInert has markup, quotes, control characters, invalid UTF-8 and very long values in each field.
func TestHostileTextIsInert(t *testing.T) {
	dir := t.TempDir()
	hostile := "<img src=x onerror=alert(1)>\"'`{{.}}\x00\x1b[31m\u202e\xff" + strings.Repeat("long ", 20_000)
	r := result.Result{Title: hostile, System: hostile, Bug: hostile, Workload: hostile, Nemesis: hostile, Headline: hostile, Reason: hostile, Command: hostile, Seed: 1, Verdict: checker.Invalid}
	keepIn(t, dir, "it's a <b>", r)
	r.Bug = "other"
	keepIn(t, dir, `javascript:alert(1)`, r)
	page := readPage(t, dir)
	require.NotContains(t, page, "<img")
	require.NotContains(t, page, `href="javascript`)
	for _, r := range "\x00\x1b\u202e" {
		require.NotContains(t, page, string(r))
	}
	require.Less(t, len(page), 500_000)
	wellFormed(t, page)
}

// wellFormed reads the page as XML, once the tags that HTML need not close are.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	page = strings.Replace(page, "<!doctype html>", "", 1)
	page = regexp.MustCompile(`(?s)<style>.*?</style>`).ReplaceAllString(page, "")
	page = regexp.MustCompile(`<(meta|link|input|br)\b([^>]*)>`).ReplaceAllString(page, "<$1$2/>")
	page = regexp.MustCompile(` checked\b`).ReplaceAllString(page, ` checked=""`)
	d := xml.NewDecoder(strings.NewReader(page))
	d.Entity = xml.HTMLEntity
	for {
		if _, err := d.Token(); err != nil {
			require.Equal(t, "EOF", err.Error())
			return
		}
	}
}

// TestManyAtOnce writes the index from many goroutines, each after a run of its own: the last page has all of them.
func TestManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range uint64(24) {
		folder := filepath.Join(dir, fmt.Sprint("run-", i))
		require.NoError(t, os.MkdirAll(folder, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, File), nil, 0o644))
		wg.Go(func() {
			if err := Keep(folder, run(i+1, "", "why")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	page := readPage(t, dir)
	for i := range 24 {
		require.Contains(t, page, fmt.Sprintf(`href="./run-%d/index.html"`, i))
	}
	left, err := filepath.Glob(filepath.Join(dir, ".index*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestLargeFoldersHaveASmallPage has 3,000 runs and a sweep of 5,000 seeds.
func TestLargeFoldersHaveASmallPage(t *testing.T) {
	var f Folder
	for i := range 3000 {
		f.Runs = append(f.Runs, Run{Folder: fmt.Sprint(i), Result: run(uint64(i%50+1), fmt.Sprint("bug-", i%7), "why")})
	}
	s := Sweep{Sweep: result.Sweep{Wanted: 5000}}
	for i := range uint64(5000) {
		s.Seeds = append(s.Seeds, result.Seed{Seed: i + 1, Command: "capsize run"})
	}
	s.Seeds[4000].Verdict, s.Seeds[4000].Headline = checker.Invalid, "found late"
	f.Sweeps = []Sweep{s}
	var b bytes.Buffer
	require.NoError(t, f.write(&b))
	require.Less(t, b.Len(), 2_000_000)
	require.Contains(t, b.String(), "The first 2000 runs")
	require.Contains(t, b.String(), "found late")
	require.Contains(t, b.String(), "among the 3999 others")
}

func TestEmptyFolder(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Update(dir))
	require.Contains(t, readPage(t, dir), "There are no runs")
	require.Error(t, Update(filepath.Join(dir, "gone")))
}

// TestStyleIsThatOfAllPages uses no variable that the style of the pages does not have.
func TestStyleIsThatOfAllPages(t *testing.T) {
	for _, m := range regexp.MustCompile(`var\((--[a-z]+)\)`).FindAllStringSubmatch(text, -1) {
		require.Contains(t, string(report.Stylesheet()), m[1]+":")
	}
}
