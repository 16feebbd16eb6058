package resilience_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/caching"
	"github.com/capsize-go/capsize/scenarios/replication"
	"github.com/capsize-go/capsize/scenarios/resilience"
)

// The pages of docs/series have tables that were measured: each stands below a line "<!-- table: NAME -->" with the name of a scenario, and the
// rows are kept in scenarios/testdata/rows. The index of the pages is made of their first lines.
const (
	seriesPages = "../../docs/series"
	seriesRows  = "../testdata/rows"
)

// tableMark is where the table of a scenario stands, or some rows of it, by their variants.
var tableMark = regexp.MustCompile(`(?m)^<!-- table: ([a-z0-9-]+)( [a-z0-9,-]+)? -->\n(?:\|.*\n)*`)

//go:generate go test -run TestMakeSeries -count=1 -timeout=1h . -measure=$ONLY
var measure = flag.String("measure", "", "of TestMakeSeries: the `scenarios` that are measured, comma-separated, or all; index measures none")

// TestMakeSeries measures the scenarios anew that -measure names, and writes their tables into the pages, and the index of the pages.
func TestMakeSeries(t *testing.T) {
	if *measure == "" {
		t.Skip("make series")
	}
	for _, s := range resilience.All() {
		if *measure == "all" || slices.Contains(strings.Split(*measure, ","), s.Name) {
			scenariotest.Measure(t, s, filepath.Join(seriesRows, s.Name+".jsonl"))
		}
	}
	for _, page := range lessons(t) {
		require.NoError(t, os.WriteFile(page, []byte(withTables(t, read(t, page))), 0o666))
	}
	require.NoError(t, os.WriteFile(filepath.Join(seriesPages, "README.md"), []byte(index(t)), 0o666))
}

// TestSeriesShowsTheRows holds the pages to the rows that were measured, and the rows to what their scenarios claim.
func TestSeriesShowsTheRows(t *testing.T) {
	const how = "make series ONLY=index makes it"
	for _, page := range lessons(t) {
		text := read(t, page)
		assert.Equal(t, withTables(t, text), text, "%s: %s", page, how)
		for _, mark := range tableMark.FindAllStringSubmatch(text, -1) {
			s, all := measuredRows(t, mark[1])
			assert.Len(t, all, len(s.Variants), s.Name)
			assert.NoError(t, s.Holds(all), s.Name)
		}
	}
	assert.Equal(t, index(t), read(t, filepath.Join(seriesPages, "README.md")), how)
}

// lessons returns the pages of the series, in order.
func lessons(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(seriesPages, "[0-9]*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	return pages
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(b)
}

// withTables returns a page with the tables of the rows that were measured last.
func withTables(t *testing.T, page string) string {
	t.Helper()
	return tableMark.ReplaceAllStringFunc(page, func(old string) string {
		mark := tableMark.FindStringSubmatch(old)
		s, all := measuredRows(t, mark[1])
		if only := strings.TrimSpace(mark[2]); only != "" {
			all = slices.DeleteFunc(all, func(r scenarios.Row) bool { return !slices.Contains(strings.Split(only, ","), r.Variant) })
		}
		return fmt.Sprintf("<!-- table: %s%s -->\n%s", mark[1], mark[2], scenariotest.Markdown(t, s, all))
	})
}

// measuredRows returns a scenario, and its rows as measured last.
func measuredRows(t *testing.T, name string) (scenarios.Scenario, []scenarios.Row) {
	t.Helper()
	s, err := scenarios.Find(slices.Concat(resilience.All(), caching.All(), replication.All()), name)
	require.NoError(t, err)
	return s, scenariotest.ReadRows(t, filepath.Join(seriesRows, name+".jsonl"))
}

// index returns the index of the pages: the title of each, the paragraph below it, and its first command.
func index(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# The lessons\n\nEach page has one claim about distributed systems, the run that fails and the run that is cured, the number, the command that " +
		"repeats it, and a\ntest to paste into a repository of one's own. All numbers are measured: `capsize scenario NAME` measures them again.\n\n| lesson | claim | command |\n|---|---|---|\n")
	for _, page := range lessons(t) {
		parts := strings.SplitN(read(t, page), "\n\n", 3)
		require.Len(t, parts, 3, "%s has a title and a claim", page)
		title := strings.TrimPrefix(parts[0], "# ")
		claim := strings.ReplaceAll(strings.Trim(strings.ReplaceAll(parts[1], "\n", " "), "*"), "|", `\|`)
		command := regexp.MustCompile("(?m)^capsize [^#\n]*").FindString(parts[2])
		require.NotEmpty(t, command, "%s has a command", page)
		fmt.Fprintf(&b, "| [%s](%s) | %s | `%s` |\n", title, filepath.Base(page), claim, strings.ReplaceAll(strings.TrimSpace(command), "|", `\|`))
	}
	return b.String()
}
