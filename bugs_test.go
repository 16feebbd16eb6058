package capsize_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// bugsFile has what was measured, a line for each cell of the table in bugsPage.
const (
	bugsFile = "testdata/bugs.jsonl"
	bugsPage = "docs/reference/bugs.md"
)

// A cell is how many seeds, from 1 on, find a bug under a preset, and of how many the
// verdict is unknown.
type cell struct {
	Bug     string `json:"bug"`
	Preset  string `json:"preset"`
	Seeds   int    `json:"seeds"`
	Found   int    `json:"found"`
	Unknown int    `json:"unknown"`
}

// core is a column of its own: the faults of the preset portfolio, after which only a
// majority heals.
const core = "core"

// bugColumns are those of the table: no bug, and each.
func bugColumns() []string {
	names, _ := raftkv.Bugs.Names()
	return append([]string{"none"}, names...)
}

func presetRows() (names []string) {
	for _, p := range nemesis.Presets() {
		names = append(names, p.Name)
	}
	return append(names, core)
}

//go:generate go test -run TestBugTable$ -count=1 -timeout=12h -v . -measure=100
var (
	measureSeeds = flag.Int("measure", 0, "of TestBugTable: measure the cells of docs/reference/bugs.md that have fewer `seeds`, and write the page")
	onlyBugs     = flag.String("bugs", "", "of TestBugTable: the bugs to measure, separated by semicolons; empty for all")
	onlyPresets  = flag.String("presets", "", "of TestBugTable: the presets to measure, separated by semicolons; empty for all")
)

// TestBugTable measures the cells of the table that the file does not have yet for as many
// seeds as -measure says, notes each as soon as it is known, and writes the table into the page.
func TestBugTable(t *testing.T) {
	if *measureSeeds == 0 {
		t.Skip("make bugs")
	}
	for _, bug := range chosen(*onlyBugs, bugColumns()) {
		for _, preset := range chosen(*onlyPresets, presetRows()) {
			if c, ok := find(readCells(t), bug, preset); ok && c.Seeds >= *measureSeeds {
				continue
			}
			began := time.Now()
			c := measureCell(t, bug, preset, *measureSeeds)
			note(t, c)
			fmt.Printf("%s under %s: %d of %d, %d unknown, in %v\n", bug, preset, c.Found, c.Seeds, c.Unknown, time.Since(began).Round(time.Second))
		}
	}
	writeTable(t)
}

// chosen returns the names of a list with semicolons, or all if it is empty.
func chosen(list string, all []string) []string {
	if list == "" {
		return all
	}
	return strings.Split(list, ";")
}

// bugTest is the test by which a bug is looked for under a preset: twelve seconds of
// faults, five nodes, ten clients of 50 operations a second together.
func bugTest(t *testing.T, bug, preset string) capsize.Test {
	t.Helper()
	bugs, err := raftkv.Bugs.Parse(bug)
	require.NoError(t, err)
	store := raftkv.Store{Bugs: bugs}
	test := capsize.Test{Workload: workloads.Register(store.Open), Rate: 50, Duration: 12 * time.Second, Stall: 5 * time.Second}
	if bugs == raftkv.ForgetSessions { // it takes retries on both sides of a snapshot
		store.SnapshotEvery, test.Timeout = 20, 5*time.Second
	}
	test.System = store
	if test.Core = preset == core; test.Core {
		preset = "portfolio"
	}
	p, err := nemesis.FindPreset(preset)
	require.NoError(t, err)
	test.Nemesis = p.With(raftkv.ElectionTimeout)
	return test
}

func measureCell(t *testing.T, bug, preset string, seeds int) cell {
	t.Helper()
	test := bugTest(t, bug, preset)
	c := cell{Bug: bug, Preset: preset}
	for c.Seeds < seeds {
		c.Seeds++
		test.Seed = uint64(c.Seeds)
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		switch r.Verdict {
		case checker.Invalid:
			c.Found++
		case checker.Unknown:
			c.Unknown++
		}
		if bug == "none" && r.Verdict != checker.Valid {
			fmt.Printf("none under %s, seed %d: %s\n", preset, test.Seed, r.Reason)
		}
	}
	return c
}

// TestBrokenGroupsDoNotFlood asks that nodes which contradict each other don't do so
// ever more often: stale votes leave leaders whose followers deny what they had, and the
// network doubles what they say. Seed 44 sent 34 million messages before denials were dropped.
func TestBrokenGroupsDoNotFlood(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	test := bugTest(t, "stale-vote", "swarm")
	first, end := uint64(44), uint64(50)
	if tier.Sweeping() {
		first, end = 40, 60
	}
	for seed := first; seed < end; seed++ {
		sent := uint64(0)
		count := misfault{inject: func(_ context.Context, w *cluster.Cluster, _ *randV2) (string, func(), error) {
			sent = w.Stats().Sent
			return "", func() {}, nil
		}}
		each := test
		each.Seed = seed
		each.Nemesis = nemesis.Together(
			nemesis.Part{Number: 1, Name: "swarm", Nemesis: nemesis.Swarm(raftkv.ElectionTimeout)},
			nemesis.Part{Number: 100, Name: "count", Nemesis: nemesis.At(test.Duration-time.Millisecond, time.Millisecond, count)},
		)
		_, err := capsize.Exec(t.Context(), t, each)
		require.NoError(t, err)
		assert.Positive(t, sent)
		assert.Less(t, sent, uint64(50_000), "seed %d", seed)
	}
}

func find(cells []cell, bug, preset string) (cell, bool) {
	i := slices.IndexFunc(cells, func(c cell) bool { return c.Bug == bug && c.Preset == preset })
	if i < 0 {
		return cell{}, false
	}
	return cells[i], true
}

// readCells returns what was measured; of a cell that was measured again, only the last.
func readCells(t *testing.T) (cells []cell) {
	t.Helper()
	data, err := os.ReadFile(bugsFile)
	require.NoError(t, err)
	for dec := json.NewDecoder(bytes.NewReader(data)); ; {
		var c cell
		if err := dec.Decode(&c); err == io.EOF {
			return cells
		} else if err != nil {
			require.NoError(t, err, bugsFile)
		}
		cells = slices.DeleteFunc(cells, func(o cell) bool { return o.Bug == c.Bug && o.Preset == c.Preset })
		cells = append(cells, c)
	}
}

// note adds a cell to the file in one write, as another process may be at work on
// other cells.
func note(t *testing.T, c cell) {
	t.Helper()
	line, err := json.Marshal(c)
	require.NoError(t, err)
	f, err := os.OpenFile(bugsFile, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.Write(append(line, '\n'))
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

const (
	tableBegins = "<!-- made by: make bugs -->\n"
	tableEnds   = "<!-- end -->\n"
)

// table returns the table in Markdown.
func table(cells []cell) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| preset | %s |\n|---|%s\n", strings.Join(bugColumns(), " | "), strings.Repeat("---|", len(bugColumns())))
	for _, preset := range presetRows() {
		row := []string{preset}
		for _, bug := range bugColumns() {
			row = append(row, entry(cells, bug, preset))
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	return b.String()
}

func entry(cells []cell, bug, preset string) string {
	c, ok := find(cells, bug, preset)
	switch {
	case !ok:
		return "–"
	case c.Unknown > 0:
		return fmt.Sprintf("%d (%d?)", c.Found, c.Unknown)
	}
	return strconv.Itoa(c.Found)
}

func writeTable(t *testing.T) {
	t.Helper()
	before, _, after := page(t)
	require.NoError(t, os.WriteFile(bugsPage, []byte(before+table(readCells(t))+after), 0o644))
}

// page returns the page: what comes before the table, the table, and what comes after it.
func page(t *testing.T) (before, inside, after string) {
	t.Helper()
	data, err := os.ReadFile(bugsPage)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(data), tableBegins)
	require.True(t, ok, "%s has no line %q", bugsPage, tableBegins)
	inside, after, ok = strings.Cut(rest, tableEnds)
	require.True(t, ok, "%s has no line %q", bugsPage, tableEnds)
	return before + tableBegins, inside, tableEnds + after
}

func TestBugTableIsOnThePage(t *testing.T) {
	_, inside, _ := page(t)
	assert.Equal(t, table(readCells(t)), inside, "go generate -run TestBugTable .")
}

// TestBugsWereFound asks of the table that each bug was found under some preset, and that
// nothing was found without a bug. A group without a pre-vote is at fault only if not
// all of it heals.
func TestBugsWereFound(t *testing.T) {
	cells := readCells(t)
	best := map[string]int{}
	for _, c := range cells {
		best[c.Bug] = max(best[c.Bug], c.Found)
	}
	for _, bug := range bugColumns() {
		if bug == "none" {
			assert.Zero(t, best[bug], "something was found where no bug is")
		} else {
			assert.Positive(t, best[bug], "%s was never found", bug)
		}
	}
	alone, ok := find(cells, raftkv.NoPreVote.String(), core)
	assert.True(t, ok && alone.Found > 0, "no-pre-vote was not found by the core")
}
