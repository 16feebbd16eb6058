// Package scenariotest has what the tests of scenarios share: running variants, and reading
// and laying out rows that were measured.
package scenariotest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/scenarios"
)

// Rows runs variants of a scenario under faults, from seed 1 on. The names of variants and of
// faults are comma-separated; an empty string stands for all.
func Rows(t *testing.T, s scenarios.Scenario, variants, faults string, seeds int) []scenarios.Row {
	t.Helper()
	return RowsFrom(t, 1, s, variants, faults, seeds)
}

// RowsFrom is Rows from another seed on; in the long loop it begins with seed 1 as well.
func RowsFrom(t *testing.T, seed uint64, s scenarios.Scenario, variants, faults string, seeds int) []scenarios.Row {
	t.Helper()
	if tier.Sweeping() {
		seed = 1
	}
	s, err := s.Only(list(variants), list(faults))
	require.NoError(t, err)
	all, err := s.Run(t.Context(), t, scenarios.Options{Seed: seed, Seeds: seeds})
	require.NoError(t, err)
	require.Len(t, all, len(s.Variants))
	return all
}

func list(names string) []string {
	if names == "" {
		return nil
	}
	return strings.Split(names, ",")
}

// ReadRows reads rows that were measured, one a line.
func ReadRows(t *testing.T, file string) []scenarios.Row {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	var all []scenarios.Row
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r scenarios.Row
		require.NoError(t, json.Unmarshal(lines.Bytes(), &r))
		all = append(all, r)
	}
	require.NoError(t, lines.Err())
	return all
}

// Measure runs a scenario with its own seeds, and keeps the rows in a file as [ReadRows] reads it. They must hold what the scenario claims.
func Measure(t *testing.T, s scenarios.Scenario, file string) {
	t.Helper()
	all := Rows(t, s, "", "", s.Seeds)
	require.NoError(t, s.Holds(all), s.Name)
	var lines bytes.Buffer
	for _, r := range all {
		require.NoError(t, json.NewEncoder(&lines).Encode(r))
	}
	require.NoError(t, os.WriteFile(file, lines.Bytes(), 0o666))
}

// Markdown returns the table of rows as a document has it.
func Markdown(t *testing.T, s scenarios.Scenario, all []scenarios.Row) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, s.Markdown(&b, all))
	return b.String()
}
