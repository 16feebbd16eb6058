package browser

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestProbes opens a page with everything wrong that the other tests look for, and sees that they would find it.
func TestProbes(t *testing.T) {
	p := open(t, filepath.Join("testdata", "bad.html"))
	p.settle()
	for probe, what := range map[string]string{
		`probe.tooWide()`:      "too wide",
		`probe.small(9)`:       "too small",
		`probe.duplicates()`:   "twice",
		`probe.hiddenFocus()`:  "hidden from screen readers",
		`probe.positive()`:     "late",
		`probe.links().broken`: "#nowhere",
		`probe.links().others`: "https://example.com/",
	} {
		found := eval[[]string](p, probe)
		assert.Contains(t, joined(found), what, probe)
	}
	assert.Len(t, eval[[]string](p, `probe.backward()`), 1)
	assert.NotNil(t, eval[[]float64](p, `probe.empty(300, 150)`))
	problems, requests := p.troubles()
	assert.Contains(t, joined(problems), "console.log")
	assert.Contains(t, joined(problems), "on purpose")
	assert.Contains(t, joined(requests), "picture.png")

	record := &recorder{}
	checkAccess(record, p)
	checkKeyboard(record, p)
	checkLinks(record, p)
	for _, what := range []string{"the name of a image", "the name of a checkbox", "skips one", "does not reach", "no-such-file.html leads nowhere", "leads out of the folder"} {
		assert.Contains(t, joined(record.errors), what)
	}
}

// A recorder keeps what checks complain of.
type recorder struct{ errors []string }

// Errorf keeps a complaint.
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func joined(lines []string) string { return strings.Join(lines, "\n") }
