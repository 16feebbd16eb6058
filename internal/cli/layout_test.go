package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/scenarios"
)

// fitsIn wants no line of a text to be wider than a terminal.
func fitsIn(t *testing.T, text string, width int) {
	t.Helper()
	for line := range strings.Lines(text) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, line)
	}
}

// TestListsFit lays out each list for terminals of several widths, and leaves out no word.
func TestListsFit(t *testing.T) {
	for _, s := range append(sections, section{name: "scenarios", rows: (&app{}).scenarioRows}) {
		whole := s.table(report.Style{})
		for _, width := range []int{80, 100, 160} {
			text := s.table(report.Style{Width: width})
			fitsIn(t, text, width)
			assert.Equal(t, strings.Join(strings.Fields(whole), ""), strings.Join(strings.Fields(text), ""), "%s at %d", s.name, width)
		}
		assert.Len(t, strings.Split(strings.TrimSpace(whole), "\n"), len(s.rows())+1, "a line each where there is no terminal")
	}
}

// TestScenariosFit prints rows of every scenario, with all of its columns, for terminals of several widths.
func TestScenariosFit(t *testing.T) {
	for _, s := range allScenarios() {
		var rows []scenarios.Row
		for _, v := range s.Variants {
			r := scenarios.Row{Variant: v.Name, Fault: v.Fault, Seeds: 100, Invalid: 100, Seed: 100, Metrics: map[string]float64{}}
			for _, c := range s.Columns {
				r.Metrics[c.Metric] = 123456
			}
			if s.Name == "cap" {
				r.Label, r.Model = "neither", "monotonic-reads + monotonic-writes"
			}
			if s.Name == "isolation" {
				r.Claimed, r.Label, r.Model = "per-key-linearizable-serializable", "broken", "strong-session-parallel-snapshot-isolation"
			}
			rows = append(rows, r)
		}
		for _, width := range []int{80, 100, 160} {
			var out bytes.Buffer
			a := &app{out: &out, err: &out, style: report.Style{Width: width}}
			require.NoError(t, a.showRows(s, rows, scenarioOptions{seeds: 100}, time.Second, time.Second))
			fitsIn(t, out.String(), width)
			for _, c := range s.Columns {
				assert.Contains(t, out.String(), strings.ToUpper(c.Title), "%s at %d", s.Name, width)
			}
		}
	}
}

// TestBugNemesis runs a bug under what finds it, unless a nemesis is given, and says so in the command.
func TestBugNemesis(t *testing.T) {
	run := func(args ...string) string {
		var out bytes.Buffer
		a := &app{t: t, in: strings.NewReader(""), out: &out, err: &out}
		a.execute(t.Context(), append([]string{"run", "--duration", "1s", "--seed", "1", "--report", "", "--json"}, args...))
		return out.String()
	}
	f, ok := systems.FindingOf("raftkv", "ack-before-sync")
	require.True(t, ok)
	assert.Contains(t, run("--bug", "ack-before-sync"), `"nemesis":"`+f.Nemesis+`"`)
	assert.Contains(t, run("--bug", "ack-before-sync"), "--nemesis "+f.Nemesis)
	assert.Contains(t, run("--bug", "ack-before-sync", "--nemesis", "slow"), `"nemesis":"slow"`)
	assert.Contains(t, run("--bug", "ack-before-sync,no-dedup"), `"nemesis":"crash,lossy"`)
	assert.Contains(t, run(), `"nemesis":"partition"`)
	assert.Contains(t, run("--bug", "none"), `"nemesis":"partition"`)
}

// TestTooFewSeedsAreNotJudged does not fail a scenario that a person runs with fewer seeds than it needs.
func TestTooFewSeedsAreNotJudged(t *testing.T) {
	s := twoScenarios()[1] // its rows are never as expected
	for _, c := range []struct {
		o    scenarioOptions
		want error
		says string
	}{
		{scenarioOptions{seeds: 1}, nil, "1 seed is too few to show this; 2 are enough. Not seen yet:\nthey show nothing\n"},
		{scenarioOptions{seeds: 2}, verdictError(2), "the rows do not show what was expected:\nthey show nothing\n"},
		{scenarioOptions{seeds: 1, all: true}, verdictError(1), "1 seed is too few to show this"},
	} {
		var errs bytes.Buffer
		a := &app{err: &errs}
		assert.Equal(t, c.want, a.holds(s, nil, c.o))
		assert.Contains(t, errs.String(), c.says)
	}
}

func TestWrapped(t *testing.T) {
	assert.Equal(t, []string{"one two", "three", "abcdefghijkl", "mn four"}, wrapped("one two three abcdefghijklmn four", 12))
	assert.Empty(t, wrapped("  ", 12))
	assert.Equal(t, "12,345", number(12345))
	assert.Equal(t, "1 run", plural(1, "run"))
	assert.Equal(t, "1,234 runs", plural(1234, "run"))
}
