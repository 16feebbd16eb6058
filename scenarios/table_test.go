package scenarios

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// wide is a scenario with as many columns as cap has, and rows for it.
func wide(variants, faults int) (Scenario, []Row) {
	s := Scenario{Name: "wide"}
	for i := range 11 {
		s.Columns = append(s.Columns, Column{Title: fmt.Sprintf("heading %d", i), Metric: fmt.Sprint("m", i), Format: Count})
	}
	var rows []Row
	for v := range variants {
		for f := range faults {
			r := Row{Variant: fmt.Sprintf("variant-%d", v), Fault: fmt.Sprintf("fault-%d", f), Seeds: 20, Seed: 7, Label: "neither", Model: "sequential", Metrics: map[string]float64{}}
			for i := range 11 {
				r.Metrics[fmt.Sprint("m", i)] = float64(1000*v + 100*f + i)
			}
			rows = append(rows, r)
		}
	}
	return s, rows
}

// TestTablesFit writes no line that is wider than it may be, and leaves nothing out.
func TestTablesFit(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {3, 7}, {30, 7}} {
		s, rows := wide(size[0], size[1])
		var whole strings.Builder
		require.NoError(t, s.Table(&whole, rows, 0))
		for _, width := range []int{60, 80, 100, 160} {
			var b strings.Builder
			require.NoError(t, s.Table(&b, rows, width))
			for line := range strings.Lines(b.String()) {
				require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, line)
			}
			for word := range strings.FieldsSeq(whole.String()) {
				require.Contains(t, b.String(), word, "at %d columns", width)
			}
		}
	}
}

// TestTableOfFewColumns is one block, with a variant in the first of its rows only.
func TestTableOfFewColumns(t *testing.T) {
	s, rows := wide(2, 2)
	s.Columns = s.Columns[:1]
	for i := range rows {
		rows[i].Label, rows[i].Model = "", ""
	}
	var b strings.Builder
	require.NoError(t, s.Table(&b, rows, 80))
	assert.Equal(t, `VARIANT    FAULT    INVALID  SEED  HEADING 0
variant-0  fault-0  0/20     7     0
           fault-1  0/20     7     100
variant-1  fault-0  0/20     7     1000
           fault-1  0/20     7     1100
`, b.String())
}

// TestStackedTable keeps the blocks of a few variants together.
func TestStackedTable(t *testing.T) {
	s, rows := wide(8, 7)
	var b strings.Builder
	require.NoError(t, s.Table(&b, rows, 80))
	blocks := strings.Split(strings.TrimSpace(b.String()), "\n\n")
	assert.Greater(t, len(blocks), 4)
	for _, block := range blocks {
		assert.True(t, strings.HasPrefix(block, "VARIANT"), block)
		assert.Contains(t, block, "fault-6", "a variant is kept together")
	}
}

func TestNarrowGapsComeBeforeBlocks(t *testing.T) {
	lines := [][]string{{"A", "B", "C"}, {"1", "2", "3"}}
	assert.True(t, fits(lines, 1, 5))
	assert.False(t, fits(lines, 2, 5))
}

func TestLegend(t *testing.T) {
	s := Scenario{Columns: []Column{{Title: "maj R", Metric: "majority_read"}, {Title: "clear enough", Metric: "x"}}}
	legend := s.Legend([]Row{{Label: "C"}})
	assert.Equal(t, Meaning{"maj R", "reads that the side with a majority answered"}, legend[0])
	assert.Len(t, legend, 5)
}

func TestOnlyWrong(t *testing.T) {
	row := func(fixed bool, n float64) []Row {
		return []Row{{Variant: "v", Fixed: fixed, Seeds: 2, Metrics: map[string]float64{"stale_reads": n}}}
	}
	assert.NoError(t, OnlyWrong(row(true, 0), "stale_reads"))
	assert.NoError(t, OnlyWrong(row(false, 3), "stale_reads"))
	assert.EqualError(t, OnlyWrong(row(true, 3), "stale_reads"), "v: expected no stale reads, and found 3 in 2 seeds")
	assert.EqualError(t, OnlyWrong(row(false, 0), "stale_reads"), "v: expected stale reads, and found none in 2 seeds")
}
