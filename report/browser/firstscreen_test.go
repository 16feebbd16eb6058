package browser

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestFirstScreen measures what a laptop shows of a finding without scrolling.
func TestFirstScreen(t *testing.T) {
	for _, k := range slices.Concat(findings, crashes) {
		t.Run(k.name, func(t *testing.T) {
			p := open(t, k.make(t).file)
			for _, part := range []string{"h1", ".rerun", "#happened", ".picture svg"} {
				if part == ".picture svg" && k.run != nil {
					continue // a panic has no counterexample
				}
				bottom := eval[float64](p, `probe.bottom(`+quote(part)+`)`)
				assert.Positive(t, bottom, "%s is not shown", part)
				assert.LessOrEqual(t, bottom, float64(high), "%s ends below the fold", part)
			}
			assert.Nil(t, eval[[]float64](p, `probe.empty(300, 150)`), "an empty area, as left, top, width, height")
			assert.Empty(t, eval[[]string](p, `probe.backward()`), "messages that go back in time")
		})
	}
}

// quote writes a text as JavaScript.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string can be written
	}
	return string(b)
}

// folder returns the paths of files in a folder, or in that of a page.
func folder(path string) func(names ...string) string {
	if filepath.Ext(path) == ".html" {
		path = filepath.Dir(path)
	}
	return func(names ...string) string { return filepath.Join(append([]string{path}, names...)...) }
}
