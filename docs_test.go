package capsize_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker/consistency"
	"github.com/capsize-go/capsize/model"
)

// TestConsistencyDiagram holds the diagram of consistency models in the reference to what follows from what.
func TestConsistencyDiagram(t *testing.T) {
	page, err := os.ReadFile("docs/reference/checkers.md")
	require.NoError(t, err)
	arrows := 0
	for _, l := range consistency.Levels(model.Register()) {
		for _, weaker := range l.Implies {
			arrows++
			assert.Contains(t, string(page), "\n  "+l.Name+" --> "+weaker+"\n")
		}
	}
	assert.Equal(t, arrows, strings.Count(string(page), " --> "))
}
