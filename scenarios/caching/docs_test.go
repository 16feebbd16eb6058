package caching_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
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

const (
	scenariosPage = "../../docs/reference/scenarios.md"
	scenariosRows = "../testdata/rows"
)

// pageHead is what the page begins with.
const pageHead = `# The scenarios

A scenario asks one question about distributed systems, runs the variants that people choose between, and shows the number that
answers it. The expected numbers are part of the scenario: ` + "`capsize scenario NAME`" + ` exits with 1 if they do not hold, with no fewer seeds than the scenario takes.

` + "`make scenarios`" + ` makes this page, from the scenarios themselves and from runs of them. *invalid* counts the seeds that a
checker found wrong, and *seed* is the first of the worst: ` + "`capsize scenario NAME --variant V --seed N --show`" + ` runs it alone,
prints its counterexample, and writes its page. The scenario ` + "`cap`" + ` has [a page of its own](../guide/09-cap.md);
[caches](../guide/07-caches.md), [CDNs](../guide/08-cdn.md) and [the lessons](../series/README.md) explain the others.

![The page of a retry storm: 3 × 3 attempts of one request](../img/pages/retry-storm.png)
`

// documented lists the scenarios that the page is about.
func documented() (all []scenarios.Scenario) {
	for _, s := range slices.Concat(caching.All(), replication.All(), resilience.All()) {
		if s.Name != replication.CAP().Name {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b scenarios.Scenario) int { return strings.Compare(a.Name, b.Name) })
	return all
}

//go:generate go test -run TestMakeScenarios$ -count=1 -timeout=1h . -measure=$ONLY
var measure = flag.String("measure", "", "of TestMakeScenarios: the `scenarios` whose tables are measured, comma-separated, or all")

// TestMakeScenarios measures the tables of docs/reference/scenarios.md anew, of the scenarios that -measure names, and writes the page.
func TestMakeScenarios(t *testing.T) {
	if *measure == "" {
		t.Skip("make scenarios")
	}
	require.NoError(t, os.MkdirAll(scenariosRows, 0o777))
	for _, s := range documented() {
		if *measure != "all" && !strings.Contains(","+*measure+",", ","+s.Name+",") {
			continue
		}
		scenariotest.Measure(t, s, rowsOf(s))
	}
	require.NoError(t, os.WriteFile(scenariosPage, []byte(scenariosText(t)), 0o666))
}

func rowsOf(s scenarios.Scenario) string { return filepath.Join(scenariosRows, s.Name+".jsonl") }

// scenariosText returns the page, of the rows that were measured last.
func scenariosText(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(pageHead + "\n| scenario | question |\n|---|---|\n")
	for _, s := range documented() {
		fmt.Fprintf(&b, "| [%s](#%[1]s) | %s |\n", s.Name, sentence(s.Question))
	}
	for _, s := range documented() {
		all := scenariotest.ReadRows(t, rowsOf(s))
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n%s.\n\n", s.Name, sentence(s.Question), sentence(s.Shows))
		listed := map[string]bool{}
		for _, v := range s.Variants {
			if !listed[v.Name] {
				listed[v.Name] = true
				fmt.Fprintf(&b, "- **%s**: %s.\n", v.Name, v.Doc)
			}
		}
		fmt.Fprintf(&b, "\n%s\n`capsize scenario %s --seeds %d`, %d rows\n", scenariotest.Markdown(t, s, all), s.Name, all[0].Seeds, len(all))
	}
	return b.String()
}

// sentence begins with a capital.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// TestScenariosPage holds the page to the scenarios and to the rows that were measured.
func TestScenariosPage(t *testing.T) {
	page, err := os.ReadFile(scenariosPage)
	require.NoError(t, err)
	assert.Equal(t, scenariosText(t), string(page), "make scenarios makes it")
	for _, s := range documented() {
		all := scenariotest.ReadRows(t, rowsOf(s))
		assert.Len(t, all, len(s.Variants), s.Name)
		assert.NoError(t, s.Holds(all), s.Name)
	}
}

// TestPagesShowTheRows holds the tables of the pages on caches to the rows that were measured.
func TestPagesShowTheRows(t *testing.T) {
	measured := scenariosText(t)
	variants := map[string]bool{}
	for _, s := range documented() {
		for _, v := range s.Variants {
			variants[v.Name] = true
		}
	}
	for _, page := range []string{"../../docs/guide/07-caches.md", "../../docs/guide/08-cdn.md"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, line := range strings.Split(string(text), "\n") {
			if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| ") && variants[cells[0][2:]] {
				assert.Contains(t, measured, line+"\n", "%s shows what was not measured", page)
			}
		}
	}
}
