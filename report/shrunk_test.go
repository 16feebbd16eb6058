package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestShrunk says of a small run from what it was made, in the first line, below the counterexample, and on the page; of any other run nothing.
func TestShrunk(t *testing.T) {
	run := oneRun()
	whole := text(run, Style{Width: 80}) + string(pageOf(t, run))
	for _, word := range []string{"small run", "shrunk ", "needed "} {
		assert.NotContains(t, whole, word)
	}
	run.Rerun = "go test -run=small"
	run.Shrunk = Shrunk{
		Seed: 17, How: "from 6 faults, 707 calls, 5 nodes to 1 fault, 3 calls, 3 nodes in 61 runs",
		Needs: []string{"without fault 1: it passes", "without operation 1: <b>"}, Whole: "go test -run=whole",
	}
	got := text(run, Style{Width: 70})
	first, _, _ := strings.Cut(got, "\n")
	assert.Contains(t, first, ", a small run made from seed 17: ")
	assert.Regexp(t, `\n    shrunk   from 6 faults, 707 calls, [^\n]*\n {13}[^\n]*runs\n`, got)
	assert.Contains(t, got, "\n    needed   without fault 1: it passes; without operation 1: <b>\n")
	assert.True(t, strings.HasSuffix(got, "\n    To run seed 17 as it was before it was shrunk:\n    go test -run=whole\n    To re-run:\n    go test -run=small\n"), got)
	page := string(pageOf(t, run))
	for _, want := range []string{
		"This small run was made from seed 17: from 6 faults, 707 calls, 5 nodes to 1 fault, 3 calls, 3 nodes in 61 runs.",
		"Without fault 1: it passes.", "Without operation 1: &lt;b&gt;.", "The seed as it was: go test -run=whole",
	} {
		assert.Contains(t, page, want)
	}
}
